"""A stranger's message that came by no mail server: written on a form, confirmed by who reads his mailbox.

It takes the way of mail from the end of DATA on: the same checks, the same queue. What is known of its sender
is his word for it, so nothing is asked of the DNS; a notice that nothing may stop (`protected-mail`) goes by
mail. He gets no SMTP reply: what would be refused is kept for its owner to look at, and he is not told.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import structlog
from prometheus_client import Counter

from mailrelay.addresses import split_address
from mailrelay.authentication.authenticate import confirmed_by
from mailrelay.checks.chain import Chain
from mailrelay.checks.listed_sender import claimed_names
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.checks.verdict import TRY_LATER, Action, Decision
from mailrelay.directory import Directory, RelayRoute
from mailrelay.dsn_request import NOTHING_ASKED
from mailrelay.errors import TemporaryMailError
from mailrelay.message import HeaderField, RawMessage
from mailrelay.queue.cipher import KeyDestroyed
from mailrelay.queue.entry import NewMessage, State
from mailrelay.queue.store import QueueStore
from mailrelay.transaction import Transaction, entries_of

_SUBMITTED = Counter("mailrelay_submissions_total", "Confirmed messages of the public form", ["outcome"])
_log = structlog.get_logger()

_PROTOCOL = "HTTP"


class Outcome(StrEnum):
    """What became of a message; its sender is told none of it."""

    QUEUED = "queued"
    QUARANTINED = "quarantined"
    NOBODY = "nobody"  # the address takes no mail for anybody


@dataclass(frozen=True, slots=True)
class Submitted:
    """A confirmed message.

    Attributes:
        message: From, Subject, Date, Message-ID and the body, with CRLF; To is added here.
        mailbox: Whose it is, the author of `message`.
        address: From where it was written, IPv4 or IPv6.
        declared: Value of the class that its author gives it; "" for none.
        message_id: Under which it is to be queued.
    """

    message: bytes = field(repr=False)
    mailbox: str = field(repr=False)
    address: str = field(repr=False)
    declared: str
    message_id: str


class Submissions:
    """Takes confirmed messages.

    Args:
        chain: The checks of the message stage.
        directory: Knows the relay addresses.
        store: The queue.
        authserv_id: Our name in Authentication-Results.
    """

    def __init__(
        self, chain: Chain[MessageContext], directory: Directory, store: QueueStore, authserv_id: str
    ) -> None:
        self._chain = chain
        self._directory = directory
        self._store = store
        self._authserv_id = authserv_id

    async def submit(self, submitted: Submitted, recipient: str) -> Outcome:
        """Judge a message to a relay address and queue it; once it is queued, doing so again changes nothing.

        Raises:
            TemporaryMailError: A check or the queue does not work now. Submit it again later.
        """
        if await self._store.get(submitted.message_id) is not None:
            return Outcome.QUEUED
        outcome = await self._submit(submitted, recipient)
        _SUBMITTED.labels(outcome.value).inc()
        _log.info("submission-taken", id=submitted.message_id, outcome=outcome.value)
        return outcome

    async def _submit(self, submitted: Submitted, recipient: str) -> Outcome:
        route = await self._directory.find_at_door(recipient)
        if not isinstance(route, RelayRoute):
            return Outcome.NOBODY
        context = await self._context(submitted, route)
        decision = await self._chain.run(context)
        if decision.action is Action.DEFER:
            reply = decision.reply or TRY_LATER
            raise TemporaryMailError(reply.code, reply.enhanced, reply.public, "check-defers")
        entries = self._entries(submitted, context, decision)
        try:
            return await self._keep(entries, decision)
        except KeyDestroyed:
            # The owner was erased since his address was found.
            return Outcome.NOBODY

    async def _context(self, submitted: Submitted, route: RelayRoute) -> MessageContext:
        addressed = HeaderField.make("To", route.address)
        message = RawMessage.parse(submitted.message).with_first(addressed)
        results = confirmed_by(submitted.mailbox, message)
        claimed = claimed_names(results.authors, submitted.mailbox)
        admission = await self._directory.admission(route.relay_id, claimed)
        _, helo = split_address(submitted.mailbox)
        sender = SenderContext(
            ConnectionContext(submitted.address), helo, submitted.mailbox, protocol=_PROTOCOL
        )
        context = MessageContext(
            sender,
            (route,),
            message,
            results,
            admission.mailboxes,
            admission.rules,
            claimed,
            submitted.declared,
        )
        await context.read()
        return context

    def _entries(self, submitted: Submitted, context: MessageContext, decision: Decision) -> list[NewMessage]:
        [route] = context.relay_routes
        transaction = Transaction(context.sender, {route.address: route}, {route.address: NOTHING_ASKED})
        entries = entries_of(transaction, context, decision, submitted.mailbox, self._authserv_id)
        return [replace(entry, id=submitted.message_id) for entry in entries]

    async def _keep(self, entries: list[NewMessage], decision: Decision) -> Outcome:
        if decision.action < Action.QUARANTINE:
            await self._store.enqueue(entries)
            return Outcome.QUEUED
        await self._store.enqueue(entries, State.QUARANTINED)
        return Outcome.QUARANTINED
