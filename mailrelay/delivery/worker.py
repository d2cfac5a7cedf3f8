"""The delivery worker: claim messages, keep their leases alive, and have them delivered several at once.

A worker that is stopped finishes what it has begun; one that is killed loses its leases, and another takes
over, so that a message may arrive twice but is never lost. What becomes of a message is the business of
`deliverer`.
"""

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from mailrelay.delivery.deliverer import Deliverer
from mailrelay.queue.entry import QueuedMessage
from mailrelay.queue.store import QueueStore

_log = structlog.get_logger()

_LEASE = timedelta(seconds=60)
_POLL_S = 1.0
_AFTER_FAULT_S = 2.0


class DeliveryWorker:
    """Delivers from the queue.

    Args:
        store: The queue.
        deliverer: Does what is to be done with a message.
        worker_id: Unique among running workers.
        concurrency: Messages in flight.
        lease: How long a claim stands without a sign of life.
    """

    def __init__(
        self,
        *,
        store: QueueStore,
        deliverer: Deliverer,
        worker_id: str,
        concurrency: int = 8,
        lease: timedelta = _LEASE,
    ) -> None:
        self._store = store
        self._deliverer = deliverer
        self._worker_id = worker_id
        self._concurrency = concurrency
        self._lease = lease
        self._in_flight: dict[str, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then finish what is in flight."""
        heartbeat = asyncio.create_task(self._keep_leases())
        try:
            while not stop.is_set():
                self._store.wakeup.clear()
                claimed = await self._claim()
                for message in claimed or ():
                    task = asyncio.create_task(self._deliverer.deliver(message))
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
            await self._deliverer.close()

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
