"""What follows when a mail server says that the owner's mailbox is gone.

The message is kept and the mailbox suspect. Another mailbox of the owner serves at once; where there is
none, mail rests until the host lets the mailbox be tried again. When that has gone on for long, whoever
wrote is told once, in neutral words, provided that he is proven to have written.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from prometheus_client import Counter

from mailrelay.delivery.failures import Reports
from mailrelay.delivery.proof import is_proven
from mailrelay.directory import Directory, MailboxFailure, MailboxHealth, MailboxRest
from mailrelay.errors import PermanentMailError, TemporaryMailError
from mailrelay.queue.entry import Direction, MessageRecord, NewMessage, QueuedMessage
from mailrelay.queue.store import QueueStore
from mailrelay.reports.reading.finding import Finding, Kind

_log = structlog.get_logger()
_FAILURES = Counter("mailrelay_mailbox_failures_total", "Owners' mailboxes refused for good", ["found"])

# RFC 3463 and RFC 7505: the address, its domain or the mailbox is at fault. Not 5.1.7 and 5.1.8, which are
# about the sender, nor 5.2.3, which is about this message.
_ABOUT_THE_MAILBOX = frozenset(
    {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.2.2", "5.2.4"}
)
_SUSPECT = "mailbox-suspect"


class MailboxRests(TemporaryMailError):
    """Every mailbox of the owner is suspect, and none is to be tried yet."""

    def __init__(self, rest: MailboxRest) -> None:
        super().__init__(451, "4.2.1", "Mailbox is not available now", _SUSPECT)
        self.rest = rest


class MailboxFailures:
    """Decides on messages that an owner's mailbox refuses.

    Args:
        health: Keeps the state of mailboxes.
        store: The queue.
        reports: Writes the notice to a correspondent.
        directory: Says which domain a relay address belongs to.
        clock: Gives aware UTC.
        worker_id: Who has claimed the messages.
    """

    def __init__(  # noqa: PLR0913 - the parts of the decision
        self,
        *,
        health: MailboxHealth,
        store: QueueStore,
        reports: Reports,
        directory: Directory,
        clock: Callable[[], datetime],
        worker_id: str,
    ) -> None:
        self._health = health
        self._store = store
        self._reports = reports
        self._directory = directory
        self._clock = clock
        self._worker_id = worker_id

    def concerns(self, message: QueuedMessage, error: PermanentMailError) -> bool:
        """Return whether a refusal at delivery is about the owner's mailbox, not about the message."""
        to_the_owner = message.direction in {Direction.FORWARD, Direction.NOTICE}
        return to_the_owner and error.enhanced in _ABOUT_THE_MAILBOX

    async def refused(self, message: QueuedMessage, mailbox: str, error: PermanentMailError) -> str:
        """Keep a message that a mail server refused for its mailbox; return the outcome."""
        _FAILURES.labels("at-delivery").inc()
        failure = MailboxFailure(message.relay_id, mailbox, error.enhanced, error.reason[:64], message.id)
        rest = await self._health.failed(failure)
        if rest is not None:
            return await self.rests(message, rest)
        await self._store.deferred(self._worker_id, message.id, _SUSPECT, self._clock())
        return "other-mailbox"

    async def rests(self, message: QueuedMessage, rest: MailboxRest) -> str:
        """Keep a message while no mailbox of its owner is to be tried; return the outcome."""
        told = await self._notice(message) if rest.lasting else []
        await self._store.undeliverable(self._worker_id, message.id, _SUSPECT, rest.until, told)
        return "undeliverable"

    async def worked(self, message: QueuedMessage, mailbox: str) -> None:
        """Note that a suspect mailbox took a message."""
        await self._health.worked(message.relay_id, mailbox)

    async def returned(self, about: MessageRecord, findings: tuple[Finding, ...]) -> None:
        """Take in what came back later about a delivered message; the log names ids and reasons only."""
        for found in findings:
            _log.info("returned", about=about.id, kind=found.kind.value, reason=found.reason)
        hard = next((found for found in findings if found.kind is Kind.HARD and found.final), None)
        if hard is not None and about.direction is Direction.FORWARD:
            _FAILURES.labels("by-report").inc()
            status = hard.status or "5.0.0"
            failure = MailboxFailure(about.relay_id, hard.recipient, status, hard.reason, about.id)
            await self._health.failed(failure)

    async def _notice(self, message: QueuedMessage) -> list[NewMessage]:
        sender = message.reverse_path
        if message.direction is not Direction.FORWARD or not sender or not is_proven(message):
            return []
        route = await self._directory.find(message.recipient)
        if route is None or not await self._health.may_tell(message.relay_id, sender):
            return []
        return [self._reports.unreachable(message, route.domain, self._clock())]
