"""What follows when a mail server says that the owner's mailbox is gone.

The message is kept and the mailbox suspect. Another mailbox of the owner serves at once; where there is
none, mail waits until the host lets the mailbox be tried again. When that has gone on for long, what comes
is kept as undeliverable, and whoever wrote is told once, in neutral words, where he is proven to have
written. All that was kept goes out when the mailbox works again.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from prometheus_client import Counter

from mailrelay.delivery.failures import Reports, may_be_told
from mailrelay.directory import Directory, MailboxFailure, MailboxHealth, MailboxRest
from mailrelay.dsn_request import Notify
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError
from mailrelay.queue.entry import Direction, MessageRecord, NewMessage, QueuedMessage, State
from mailrelay.queue.store import QueueStore
from mailrelay.reports.reading.finding import Finding, Kind

_log = structlog.get_logger()
_FAILURES = Counter("mailrelay_mailbox_failures_total", "Owners' mailboxes refused for good", ["found"])

# RFC 3463 and RFC 7505: the address, its domain or the mailbox is at fault. Not 5.1.7 and 5.1.8, which are
# about the sender, nor 5.2.3, which is about this message; a full mailbox (5.2.2) is tried again anyway.
_ABOUT_THE_MAILBOX = frozenset(
    {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.2.4"}
)
_NO_SUCH_MAILBOX = "no-such-mailbox"  # as `refusals` calls what a server says in words only
_SUSPECT = "mailbox-suspect"
_MOST_RELEASED = 1_000


class MailboxRests(TemporaryMailError):
    """Every mailbox of the owner is suspect, and none is to be tried yet; the message is kept."""

    def __init__(self, rest: MailboxRest) -> None:
        super().__init__(451, "4.2.1", "Mailbox is not available now", _SUSPECT)
        self.rest = rest


class MailboxRefused(TemporaryMailError):
    """A mail server says that the owner's mailbox takes no mail; the message is kept."""

    def __init__(self, mailbox: str, refusal: PermanentMailError) -> None:
        super().__init__(451, "4.2.1", "Mailbox is not available now", refusal.reason)
        self.mailbox = mailbox
        self.status = refusal.enhanced


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

    def meaning(self, message: QueuedMessage, mailbox: str, error: PermanentMailError) -> MailError:
        """Return what a refusal at delivery is to be taken for: `MailboxRefused`, or itself."""
        # A letter by no relay address is worth nothing later, so it is not kept for another mailbox.
        to_the_owner = message.direction in {Direction.FORWARD, Direction.NOTICE} and message.relay_id != ""
        by_code = error.enhanced in _ABOUT_THE_MAILBOX
        by_words = error.reason.startswith(_NO_SUCH_MAILBOX)
        return MailboxRefused(mailbox, error) if to_the_owner and (by_code or by_words) else error

    async def keep(self, message: QueuedMessage, trouble: MailboxRests | MailboxRefused) -> str:
        """Keep a message for a better time or another mailbox; return the outcome."""
        now = self._clock()
        if isinstance(trouble, MailboxRests):
            rest: MailboxRest | None = trouble.rest
        else:
            _FAILURES.labels("at-delivery").inc()
            reason = trouble.reason[:64]
            failure = MailboxFailure(message.relay_id, trouble.mailbox, trouble.status, reason, message.id)
            rest = await self._health.failed(failure)
        if rest is not None and rest.lasting:
            told = await self._notice(message)
            await self._store.undeliverable(self._worker_id, message.id, _SUSPECT, told)
            return "undeliverable"
        due = rest.until if rest is not None else now
        await self._store.deferred(self._worker_id, message.id, _SUSPECT, due)
        return "mailbox-suspect"

    async def worked(self, message: QueuedMessage, mailbox: str) -> None:
        """Note that a suspect mailbox took a message, and send it what was kept for it."""
        await self._health.worked(message.relay_id, mailbox)
        kept = await self._store.of_relay([message.relay_id], _MOST_RELEASED, states=(State.UNDELIVERABLE,))
        for record in kept:
            await self._store.release(record.id)

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
        if not may_be_told(message, Notify.FAILURE):
            return []
        route = await self._directory.find(message.recipient)
        if route is None or not await self._health.may_tell(message.relay_id, message.reverse_path):
            return []
        return [self._reports.unreachable(message, route.domain, self._clock())]
