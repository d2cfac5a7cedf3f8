"""What is done about a submission once nobody waits for it: its sender is asked, and his message passed on.

Here it is looked up whose a domain is. A process that dies at it begins again: a letter may then go out
twice, a message is queued under an id that was written down before.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import structlog

from mailrelay.errors import TemporaryMailError
from mailrelay.message import HeaderField
from mailrelay.queue.cipher import RELAY_OWNER
from mailrelay.queue.entry import Direction, NewMessage
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.plain_letter import PlainLetter, build_plain_letter
from mailrelay.submission import Outcome, Submitted
from registries.contact import Role
from whoisproxy.domain.contact_form import CLASSES, Submission
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.relay import RelayState
from whoisproxy.i18n import N_
from whoisproxy.services.contact.form import ContactForm
from whoisproxy.services.contact.pages import ContactPages
from whoisproxy.services.outbox_worker import RetryLater
from whoisproxy.services.owners.letter_words import LINK, LetterWords
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()
_A_DAY = timedelta(days=1)

# It names neither the domain nor anything else that was filled in: whose mailbox it is did perhaps not write
# it, and nobody is to have his words sent to others by this form.
CONFIRM_LETTER = LetterWords(
    N_("Please confirm your message"),
    (
        N_(
            "Somebody, most likely you, has written to the owner of a domain and given this address. "
            "The message is passed on once you confirm it:"
        ),
        LINK,
        N_("The link works for %(hours)s hours. Answers come to this address."),
        N_("If you did not write it, do nothing: it is thrown away, and nobody gets it."),
    ),
)


class ContactLetters:
    """Implements `Handler`: asks senders whether a message is theirs, but no mailbox too often.

    Args:
        storage: The database.
        queue: Takes the letters.
        form: Makes the links.
        pages: Where links lead.
        relay_domain: Domain of their sender.
        clock: Gives aware UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - it stands where all parts meet
        self,
        storage: Storage,
        queue: QueueStore,
        form: ContactForm,
        pages: ContactPages,
        relay_domain: str,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._form = form
        self._pages = pages
        self._relay_domain = relay_domain
        self._clock = clock

    async def handle(self, item: OutboxItem) -> None:
        """Send the letter about a submission, unless the mailbox has got enough of them."""
        now, limits = self._clock(), self._form.limits
        async with self._storage.reading() as uow:
            found = await uow.contact_submissions.by_id(str(item.payload["id"]))
            if found is None or found.expires_at <= now or found.confirmed_at is not None:
                return
            if await uow.contact_submissions.was_asked(found.id):
                return
            sent = await uow.contact_submissions.letters_to(found.mailbox, now - _A_DAY)
        if sent >= limits.letters(found.way):
            _log.info("contact-letter-withheld", id=found.id)
            return
        ids = await self._queue.enqueue([self._letter(found)])
        async with self._storage.unit_of_work() as uow:
            await uow.contact_submissions.asked(found.id, now)
        _log.info("contact-letter-queued", id=found.id, ids=ids)

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Say so: something keeps this letter from being made."""
        _log.error("contact-letter-given-up", id=str(item.payload["id"]), code=code)

    def _letter(self, submission: Submission) -> NewMessage:
        link = self._pages.confirm(self._form.confirm_token(submission))
        hours = str(self._form.hours_to_confirm)
        subject, paragraphs = CONFIRM_LETTER.told(submission.language, {"link": link, "hours": hours})
        facts = PlainLetter(self._relay_domain, submission.language, self._clock(), subject, paragraphs)
        letter = build_plain_letter(facts).with_first(HeaderField.make("To", submission.mailbox))
        return NewMessage(
            direction=Direction.DSN,
            owner_id=RELAY_OWNER,
            relay_id="",
            recipient=submission.mailbox,
            reverse_path="",
            raw=letter.raw,
            size_octets=len(letter.raw),
            # He waits for it.
            protected=True,
        )


class TakesSubmissions(Protocol):
    """What passes confirmed messages on."""

    async def submit(self, submitted: Submitted, recipient: str) -> Outcome:
        """Judge a message to a relay address and queue it, as `mailrelay.submission` does."""
        ...


class ContactRelay:
    """Implements `Handler`: passes confirmed messages on, where there is an owner who is reached like this.

    Args:
        storage: The database.
        queue: Gives the ids of messages.
        submissions: Judges and queues them.
        clock: Gives aware UTC.
    """

    def __init__(
        self, storage: Storage, queue: QueueStore, submissions: TakesSubmissions, clock: Clock
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._submissions = submissions
        self._clock = clock

    async def handle(self, item: OutboxItem) -> None:
        """Pass a message on, and forget it here."""
        async with self._storage.unit_of_work() as uow:
            found = await uow.contact_submissions.by_id(str(item.payload["id"]), locked=True)
            message = await uow.contact_submissions.message(found.id) if found else None
            if found is None or message is None:
                return
            message_id = found.message_id or self._queue.new_id()
            await uow.contact_submissions.begin(found.id, message_id)
        recipient = await self._recipient(found.domain)
        if recipient:
            declared = CLASSES.get(found.kind, "")
            submitted = Submitted(message, found.mailbox, found.address, declared, message_id)
            try:
                await self._submissions.submit(submitted, recipient)
            except TemporaryMailError as error:
                raise RetryLater(error.reason.upper(), patient=True) from None
        async with self._storage.unit_of_work() as uow:
            await uow.contact_submissions.passed_on(replace(found, mailbox="", address=""))

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Say so; the message stays sealed until it expires, and `handle` would pass it on."""
        _log.error("contact-relay-given-up", id=str(item.payload["id"]), code=code)

    async def _recipient(self, domain: str) -> str:
        """Return the published relay address of a domain's registrant, "" where there is none."""
        async with self._storage.reading() as uow:
            registration = await uow.registrations.by_name(DomainName(domain))
            relays = await uow.relays.of_domain(registration.id) if registration else []
        published = (
            one.address for one in relays if one.role is Role.REGISTRANT and one.state is RelayState.ACTIVE
        )
        return next(published, "")
