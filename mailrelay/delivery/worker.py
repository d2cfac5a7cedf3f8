"""The delivery worker: claim, prepare, sign, route, send, and record what came of it.

Several messages are in flight at once; their leases are kept alive while they are. A worker that is
stopped finishes what it has begun; one that is killed loses its leases, and another takes over, so that
a message may arrive twice but is never lost.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from prometheus_client import Counter

from mailrelay.addresses import split_address
from mailrelay.delivery.client import SmtpClient
from mailrelay.delivery.failures import Reports
from mailrelay.delivery.mailbox_failures import MailboxFailures, MailboxRests
from mailrelay.delivery.preparation import Preparation
from mailrelay.delivery.routing import Router
from mailrelay.delivery.schedule import RETRY_AFTER, delay_after
from mailrelay.delivery.signing import Signer
from mailrelay.directory import Directory
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError
from mailrelay.queue.cipher import KeyDestroyed
from mailrelay.queue.entry import Direction, MessageRecord, QueuedMessage
from mailrelay.queue.store import QueueStore
from mailrelay.reports.reading.report import read_report
from mailrelay.rewriting.reply import AnswerHeld

_log = structlog.get_logger()
_OUTCOMES = Counter("mailrelay_deliveries_total", "What came of claimed messages", ["direction", "outcome"])

_LEASE = timedelta(seconds=60)
_POLL_S = 1.0
_AFTER_FAULT_S = 2.0
_EXPIRED = "5.4.7"  # RFC 3463: delivery time expired


class DeliveryWorker:
    """Delivers from the queue.

    Args:
        store: The queue.
        preparation: Rewrites.
        router: Finds mail servers.
        client: Sends.
        signer: Signs.
        reports: Writes DSNs and notices.
        mailboxes: Decides on what an owner's mailbox refuses.
        directory: Says which domain a relay address belongs to, for notices.
        clock: Gives aware UTC.
        worker_id: Unique among running workers.
        concurrency: Messages in flight.
        schedule: Waits between attempts.
    """

    def __init__(  # noqa: PLR0913 - the parts of a delivery
        self,
        *,
        store: QueueStore,
        preparation: Preparation,
        router: Router,
        client: SmtpClient,
        signer: Signer,
        reports: Reports,
        mailboxes: MailboxFailures,
        directory: Directory,
        clock: Callable[[], datetime],
        worker_id: str,
        concurrency: int = 8,
        lease: timedelta = _LEASE,
        schedule: tuple[timedelta, ...] = RETRY_AFTER,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._preparation = preparation
        self._router = router
        self._client = client
        self._signer = signer
        self._reports = reports
        self._mailboxes = mailboxes
        self._directory = directory
        self._clock = clock
        self._worker_id = worker_id
        self._concurrency = concurrency
        self._lease = lease
        self._schedule = schedule
        self._chance = chance
        self._in_flight: dict[str, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then finish what is in flight."""
        heartbeat = asyncio.create_task(self._keep_leases())
        try:
            while not stop.is_set():
                self._store.wakeup.clear()
                claimed = await self._claim()
                for message in claimed or ():
                    task = asyncio.create_task(self.deliver(message))
                    self._in_flight[message.id] = task
                    task.add_done_callback(partial(self._landed, message.id))
                if not claimed:
                    await self._rest(stop, _POLL_S if claimed is not None else _AFTER_FAULT_S)
            if self._in_flight:
                await asyncio.wait(list(self._in_flight.values()))
        finally:
            for task in [heartbeat, *self._in_flight.values()]:
                task.cancel()
            await asyncio.gather(heartbeat, *self._in_flight.values(), return_exceptions=True)

    async def deliver(self, message: QueuedMessage) -> None:
        """Bring one claimed message to its next state; raises only where that cannot be recorded."""
        try:
            outcome = await self._attempt(message)
        except AnswerHeld as held:
            domain = await self._domain(message)
            notice = self._reports.notice(message, held.reason, domain, self._clock())
            await self._store.held(self._worker_id, message.id, held.reason, [notice])
            outcome = "held"
        except MailboxRests as rests:
            outcome = await self._mailboxes.rests(message, rests.rest)
        except PermanentMailError as error:
            outcome = await self._give_up(message, error, error.enhanced)
        except MailError as error:
            outcome = await self._defer(message, error)
        except KeyDestroyed:
            await self._store.bounced(self._worker_id, message.id, "owner-erased")
            outcome = "discarded"
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not lose the message
            _log.error("delivery-fault", id=message.id, error=type(fault).__name__)
            outcome = await self._defer(
                message, TemporaryMailError(451, "4.3.0", "Local fault", "local-fault")
            )
        _OUTCOMES.labels(message.direction.value, outcome).inc()
        _log.info("delivery", id=message.id, direction=message.direction.value, outcome=outcome)

    async def _attempt(self, message: QueuedMessage) -> str:
        if message.direction is Direction.BOUNCE:
            return await self._read_bounce(message)
        outgoing = await self._preparation.prepare(message)
        signed = self._signer.sign(outgoing.message)
        try:
            _, domain = split_address(outgoing.recipient)
        except ValueError:
            raise PermanentMailError(553, "5.1.3", "Recipient is no mailbox", "bad-recipient") from None
        try:
            targets = await self._router.targets(domain)
            await self._client.send(targets, outgoing.reverse_path, outgoing.recipient, signed.raw)
        except PermanentMailError as error:
            if not self._mailboxes.concerns(message, error):
                raise
            return await self._mailboxes.refused(message, outgoing.recipient, error)
        if outgoing.on_trial:
            await self._mailboxes.worked(message, outgoing.recipient)
        thread = [(message.relay_id, one) for one in outgoing.learned]
        await self._store.delivered(self._worker_id, message.id, thread)
        return "delivered"

    async def _read_bounce(self, report: QueuedMessage) -> str:
        """Take in what a later server says about a message we delivered."""
        findings = read_report(report.raw)
        about = await self._store.get(report.about_id)
        if about is not None:
            await self._mailboxes.returned(about, findings)
        failed = next((found for found in findings if found.final), None)
        if about is not None and failed is not None:
            domain = await self._domain(about)
            reports = self._reports.of_failure(about, failed.status, domain, self._clock())
            await self._store.failed_later(about.id, "returned-by-a-later-server", reports)
        await self._store.delivered(self._worker_id, report.id)
        return "read"

    async def _defer(self, message: QueuedMessage, error: MailError) -> str:
        delay = delay_after(message.attempts + 1, self._chance, self._schedule)
        if delay is None:
            return await self._give_up(message, error, _EXPIRED)
        await self._store.deferred(self._worker_id, message.id, error.reason[:64], self._clock() + delay)
        return "deferred"

    async def _give_up(self, message: QueuedMessage, error: MailError, status: str) -> str:
        domain = await self._domain(message)
        reports = self._reports.of_failure(message, status, domain, self._clock())
        await self._store.bounced(self._worker_id, message.id, error.reason[:64], reports)
        return "bounced"

    async def _domain(self, message: QueuedMessage | MessageRecord) -> str:
        route = await self._directory.find(message.recipient) if message.recipient else None
        return route.domain if route else "your domain"

    async def _claim(self) -> list[QueuedMessage] | None:
        """Return what was claimed, or None where the queue cannot be read now."""
        free = self._concurrency - len(self._in_flight)
        if free <= 0:
            return []
        try:
            return await self._store.claim(self._worker_id, self._lease, free)
        except Exception as fault:  # noqa: BLE001 - the database comes back; the worker must still be there
            _log.error("claim-failed", error=type(fault).__name__)
            return None

    async def _rest(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait until there may be work: something queued, a place free, time gone, or the end."""
        waits = [asyncio.create_task(stop.wait())]
        if len(self._in_flight) < self._concurrency:
            waits.append(asyncio.create_task(self._store.wakeup.wait()))
        try:
            await asyncio.wait(
                [*waits, *self._in_flight.values()], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()

    def _landed(self, message_id: str, task: asyncio.Task[None]) -> None:
        self._in_flight.pop(message_id, None)
        if not task.cancelled() and (fault := task.exception()) is not None:
            # The lease runs out, and the message is claimed again.
            _log.error("outcome-not-recorded", id=message_id, error=type(fault).__name__)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            if self._in_flight:
                try:
                    await self._store.heartbeat(self._worker_id, list(self._in_flight), self._lease)
                except Exception as fault:  # noqa: BLE001 - a missed beat costs a duplicate, not the worker
                    _log.warning("heartbeat-failed", error=type(fault).__name__)
