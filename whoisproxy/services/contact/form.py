"""The public form: what is written is sealed, waits for its sender's word, and then goes the way of mail.

Nothing here asks whether a domain is held, has an owner or has privacy on: that is looked up by
`contact_form_work`, when nobody waits for an answer any more. So every domain gets the same answers, after
the same work.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from prometheus_client import Counter

from mailrelay.addresses import split_address
from mailrelay.queue.entry import QueuedMessage, State
from mailrelay.queue.store import QueueStore
from mailrelay.tokens import Tokens
from whoisproxy.domain.contact_form import (
    CONFIRM_WITHIN,
    Counted,
    FormLimits,
    Progress,
    Status,
    Submission,
    TooMany,
    Way,
    Written,
)
from whoisproxy.domain.disclosure import network_of
from whoisproxy.domain.ids import new_id
from whoisproxy.services.contact.message import build_message
from whoisproxy.services.contact.proof_of_work import ProofOfWork
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

LETTER = "contact-form.letter"
"""Outbox kind: ask a mailbox whether a message is its owner's."""

RELAY = "contact-form.relay"
"""Outbox kind: pass a confirmed message on."""

_SUBMISSIONS = Counter("whoisproxy_contact_submissions", "Submissions of the public form", ["way", "event"])
_log = structlog.get_logger()
_PREFIX = "frm_"
_AN_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContactTokens:
    """The secrets in links: one kind confirms, the other shows how far a message has come.

    Attributes:
        confirm: Stands in letters.
        status: Is shown to who has confirmed.
    """

    confirm: Tokens
    status: Tokens

    @classmethod
    def under(cls, key: bytes, keep: timedelta) -> "ContactTokens":
        """Return tokens under a key of at least 32 octets; status pages are kept for `keep`."""
        # A token ends with a day: the submission itself ends to the second.
        confirm = Tokens(key, "contact-confirm", CONFIRM_WITHIN + _A_DAY)
        return cls(confirm, Tokens(key, "contact-status", keep + _A_DAY))


class ContactForm:
    """Takes submissions, their confirmations, and questions about them.

    Args:
        storage: Where submissions are sealed.
        queue: Knows what became of messages.
        work: Sets challenges.
        tokens: Makes and reads what stands in links.
        limits: How much is taken.
        relay_domain: Domain of Message-IDs.
        keep: How long the status of a message is kept.
        clock: Gives aware UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a form is made of
        self,
        storage: Storage,
        queue: QueueStore,
        work: ProofOfWork,
        tokens: ContactTokens,
        limits: FormLimits,
        relay_domain: str,
        keep: timedelta,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._work = work
        self._tokens = tokens
        self.limits = limits
        self._relay_domain = relay_domain
        self._keep = keep
        self._clock = clock

    @property
    def hours_to_confirm(self) -> int:
        """How long a submission waits for its sender's word."""
        return int(CONFIRM_WITHIN.total_seconds()) // 3600

    def challenge(self, domain: str) -> str:
        """Return work for a browser, as JSON."""
        return self._work.challenge(domain, self._clock())

    async def submit(self, written: Written, solution: str) -> None:
        """Seal what was written, and have its sender asked whether it is his.

        Args:
            written: Checked already.
            solution: Of a challenge; anything else is no work.

        Raises:
            TooMany: Nothing was taken.
        """
        now = self._clock()
        message = build_message(written, self._relay_domain, now)
        async with self._storage.unit_of_work() as uow:
            done = await self._work.is_done(uow, solution, written.domain, now)
            way = Way.WORKED if done else Way.PLAIN
            submission = Submission(
                id=new_id("frm", now),
                way=way,
                domain=written.domain,
                kind=written.kind,
                language=written.language,
                created_at=now,
                expires_at=now + CONFIRM_WITHIN,
                mailbox=written.mailbox,
                address=written.address,
            )
            network = network_of(written.address)
            await self._demand_room(uow, submission, network)
            await uow.contact_submissions.add(submission, network, message)
            mailbox = await uow.contact_submissions.mailbox_index(written.mailbox)
            # One key for a mailbox: its letters are counted one after the other.
            await uow.outbox.add(LETTER, f"{LETTER}:{mailbox.hex()}", {"id": submission.id}, now)
        _SUBMISSIONS.labels(way.value, "taken").inc()

    async def awaiting(self, token: str) -> Submission | None:
        """Return the submission that a letter's link is for, confirmed or not; None for no link of ours."""
        name = self._tokens.confirm.decode(token, self._clock())
        return await self._find(name)

    async def confirm(self, token: str) -> str | None:
        """Take a sender's word that a message is his; return what leads to its status.

        None for no link of ours.
        """
        now = self._clock()
        name = self._tokens.confirm.decode(token, now)
        if name is None:
            return None
        async with self._storage.unit_of_work() as uow:
            found = await uow.contact_submissions.by_id(_PREFIX + name, locked=True)
            if found is None or found.expires_at <= now:
                return None
            if found.confirmed_at is None:
                confirmed = replace(found, confirmed_at=now, expires_at=now + self._keep)
                await uow.contact_submissions.confirmed(confirmed)
                await uow.outbox.add(RELAY, f"{RELAY}:{found.id}", {"id": found.id}, now)
                _SUBMISSIONS.labels(found.way.value, "confirmed").inc()
        return self.status_token(found)

    def status_token(self, submission: Submission) -> str:
        """Return what leads to the status of a submission."""
        return self._tokens.status.encode(submission.id.removeprefix(_PREFIX), self._clock())

    def confirm_token(self, submission: Submission) -> str:
        """Return what stands in the letter about a submission."""
        return self._tokens.confirm.encode(submission.id.removeprefix(_PREFIX), self._clock())

    async def status(self, token: str) -> Status | None:
        """Return how far a message has come, or None for no link of ours."""
        found = await self._find(self._tokens.status.decode(token, self._clock()))
        if found is None or found.confirmed_at is None:
            return None
        record = await self._queue.get(found.message_id)
        if found.answered_at is not None:
            return Status(found, Progress.ANSWERED)
        delivered = record is not None and record.state is State.DELIVERED
        return Status(found, Progress.DELIVERED if delivered else Progress.RECEIVED)

    async def answered(self, answer: QueuedMessage) -> None:
        """Note that an owner's answer was sent, if it is one to a message of the form; never raises."""
        try:
            await self._note_answer(answer)
        except Exception as error:  # noqa: BLE001 - his answer is sent, with or without a note of it
            _log.warning("contact-answer-not-noted", error=type(error).__name__)

    async def purge(self) -> None:
        """Forget what was not confirmed in time, and what is long done."""
        more = True
        while more:
            # A batch at a time, so that others may write in between.
            async with self._storage.unit_of_work() as uow:
                more = await uow.contact_submissions.purge(self._clock())

    async def _demand_room(self, uow: UnitOfWork, submission: Submission, network: str) -> None:
        since = submission.created_at - _AN_HOUR
        for counted, text in ((Counted.NETWORK, network), (Counted.DOMAIN, submission.domain)):
            most = self.limits.most(counted, submission.way)
            if await uow.contact_submissions.count(counted, text, since) >= most:
                _SUBMISSIONS.labels(submission.way.value, f"refused-{counted}").inc()
                raise TooMany

    async def _find(self, name: str | None) -> Submission | None:
        if name is None:
            return None
        async with self._storage.reading() as uow:
            found = await uow.contact_submissions.by_id(_PREFIX + name)
        return found if found is not None and found.expires_at > self._clock() else None

    async def _note_answer(self, answer: QueuedMessage) -> None:
        local_part, domain = split_address(answer.recipient)
        async with self._storage.reading() as uow:
            reply = await uow.replies.by_local_part(local_part.lower(), domain)
        if reply is None or not reply.opening.thread:
            return
        opening = reply.opening
        began = await self._queue.beginning(reply.relay_id, opening.correspondent, opening.thread)
        if began is not None:
            async with self._storage.unit_of_work() as uow:
                await uow.contact_submissions.answered(began.id, self._clock())
