"""The delivery worker: take messages as they come in or claim them, and have several delivered at once.

New mail of this process comes straight from the queue, as long as there is room in memory; everything
else is claimed. A worker that is stopped finishes what it has begun and gives back the rest; what a killed
one left is settled by the next. What becomes of a message is the business of `deliverer`.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import count

import structlog

from mailrelay.delivery.deliverer import Deliverer
from mailrelay.queue.entry import PROTECTED, QueuedMessage
from mailrelay.queue.store import QueueStore

_log = structlog.get_logger()

_LEASE = timedelta(seconds=60)
_POLL_S = 1.0
_AFTER_FAULT_S = 2.0
_AFTER_ANSWER_S = 0.005
# What may wait in memory: of new mail, and of what one claim brings.
_MOST_MESSAGES = 2000
_MOST_OCTETS = 32 << 20  # as received; the same in parts comes on top
_CLAIM_MESSAGES = 64


class DeliveryWorker:
    """Delivers from the queue; implements `mailrelay.queue.handover.Handover`.

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
        self.worker_id = worker_id
        self.lease_s = lease.total_seconds()
        self._store = store
        self._deliverer = deliverer
        self._concurrency = concurrency
        self._lease = lease
        self._order = count()
        self._ready: asyncio.PriorityQueue[tuple[int, int, QueuedMessage]] = asyncio.PriorityQueue()
        self._held: set[str] = set()
        self._messages = 0
        self._octets = 0
        # Whether older mail waits in the queue, which new mail must not overtake.
        self._behind = True
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then finish what is in flight."""
        if not await self._begin(stop):
            return
        tasks = [asyncio.create_task(self._deliver_one_by_one()) for _ in range(self._concurrency)]
        tasks.append(asyncio.create_task(self._keep_leases()))
        claiming = asyncio.create_task(self._keep_claiming())
        try:
            await stop.wait()
            self._stopping = True
            self._store.wakeup.set()
            # At once, before another is begun; then what a claim under way has brought.
            await self._give_back()
            await claiming
            await self._give_back()
            await self._ready.join()
        finally:
            for task in [claiming, *tasks]:
                task.cancel()
            await asyncio.gather(claiming, *tasks, return_exceptions=True)
            await self._store.end_delivering()
            await self._deliverer.close()

    def reserve(self, octets: int, priority: int) -> bool:
        """Return whether one more message may be handed over, and keep the room for it."""
        full = self._messages >= _MOST_MESSAGES or self._octets + octets > _MOST_OCTETS
        if full or self._stopping or (self._behind and priority != PROTECTED):
            self._behind = True
            return False
        self._messages += 1
        self._octets += octets
        return True

    def take(self, message: QueuedMessage) -> None:
        """Deliver a message for which there is room."""
        self._held.add(message.id)
        self._ready.put_nowait((message.priority, next(self._order), message))

    def cancel(self, octets: int) -> None:
        """Give up room."""
        self._messages -= 1
        self._octets -= octets

    async def _begin(self, stop: asyncio.Event) -> bool:
        """Begin as soon as the queue can be read; return False where the end comes first."""
        while not stop.is_set():
            try:
                await self._store.begin_delivering(self)
            except Exception as fault:  # noqa: BLE001 - the database comes back; the worker must still be there
                _log.error("queue-not-opened", error=type(fault).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _AFTER_FAULT_S)
            else:
                return True
        return False

    async def _deliver_one_by_one(self) -> None:
        while True:
            _, _, message = await self._ready.get()
            # A delivery that began at once would hold up the 250, and by how long would tell what the owner
            # wishes. Among others it does not show.
            await asyncio.sleep(0 if self._ready.qsize() else _AFTER_ANSWER_S)
            try:
                await self._deliverer.deliver(message)
            except Exception as fault:  # noqa: BLE001 - the worker goes on with the next
                # The lease runs out, and the message is claimed again.
                _log.error("outcome-not-recorded", id=message.id, error=type(fault).__name__)
            finally:
                self._let_go(message)
            if self._behind and self._ready.qsize() <= _CLAIM_MESSAGES // 2:
                self._store.wakeup.set()

    def _let_go(self, message: QueuedMessage) -> None:
        self._held.discard(message.id)
        self.cancel(len(message.raw))
        self._ready.task_done()

    async def _keep_claiming(self) -> None:
        """Claim what is due, at each sign that something may be and once a second."""
        while not self._stopping:
            self._store.wakeup.clear()
            pause_s = _POLL_S
            if self._ready.qsize() <= _CLAIM_MESSAGES // 2 or not self._behind:
                claimed = await self._claim()
                self._behind = claimed is None or len(claimed) == _CLAIM_MESSAGES
                pause_s = _AFTER_FAULT_S if claimed is None else _POLL_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._store.wakeup.wait(), pause_s)

    async def _claim(self) -> list[QueuedMessage] | None:
        """Take what is due; return None where the queue cannot be read now."""
        try:
            claimed = await self._store.claim(self.worker_id, self._lease, _CLAIM_MESSAGES)
        except Exception as fault:  # noqa: BLE001 - the database comes back; the worker must still be there
            _log.error("claim-failed", error=type(fault).__name__)
            return None
        for message in claimed:
            # What is in flight still and only missed its heartbeat has its lease back now.
            if message.id not in self._held:
                self._messages += 1
                self._octets += len(message.raw)
                self.take(message)
        return claimed

    async def _give_back(self) -> None:
        """Leave to others what was not begun."""
        waiting = []
        while not self._ready.empty():
            waiting.append(self._ready.get_nowait()[2])
        for message in waiting:
            self._let_go(message)
        if waiting:
            try:
                await self._store.give_back(self.worker_id, [message.id for message in waiting])
            except Exception as fault:  # noqa: BLE001 - their leases run out
                _log.warning("not-given-back", error=type(fault).__name__)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self.lease_s / 3)
            if self._held:
                try:
                    await self._store.heartbeat(self.worker_id, list(self._held), self._lease)
                except Exception as fault:  # noqa: BLE001 - a missed beat costs a duplicate, not the worker
                    _log.warning("heartbeat-failed", error=type(fault).__name__)
