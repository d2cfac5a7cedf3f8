"""Do the work that was left in the outbox: claimed with a lease, kept by a heartbeat, retried, or given up.

Work is done at least once: a worker that dies leaves its lease to end, and another takes over. So a handler
must be able to begin again. A worker that lives but has lost its lease drops what it was at: what it found
out counts for nothing, since another is at it already.

Back-off grows and is spread by chance, so that what failed together does not come back together.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from prometheus_client import Counter

from whoisproxy.services.settings import Clock
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_WORK = Counter("whoisproxy_outbox_items", "Pieces of outbox work by kind and outcome.", ["kind", "outcome"])

_INTERNAL = "INTERNAL"


class RetryLater(Exception):
    """The work could not be done now; the same may succeed later.

    Attributes:
        code: Stable name of the reason; names no person.
        run_at: When to try again; None for the usual back-off.
        patient: Whether the handler itself decides when it has been tried often enough.
    """

    def __init__(self, code: str, *, run_at: datetime | None = None, patient: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.run_at = run_at
        self.patient = patient


class LeaseLost(Exception):
    """Another worker has taken the work over: nothing of what this one found out may be written."""


class Handler(Protocol):
    """Does one kind of work."""

    async def handle(self, item: OutboxItem) -> None:
        """Do it, or begin again what was begun; raise RetryLater where it cannot be done now."""
        ...

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Record that it will not be tried again."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait between attempts, in seconds, and how many to make."""

    first_s: float = 2.0
    longest_s: float = 900.0
    attempts: int = 20

    def delay_s(self, attempts: int, chance: float) -> float:
        """Return the wait after so many attempts: doubled each time, a half to the whole of it by `chance`.

        Args:
            attempts: Made so far, at least 1.
            chance: From 0 to 1.
        """
        # The exponent is bounded, so that no number of attempts overflows.
        whole = min(self.longest_s, self.first_s * 2.0 ** min(attempts - 1, 32))
        return whole * (1 + chance) / 2


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker works; times in seconds.

    Attributes:
        lease_s: After how long without heartbeat others take the work over.
        poll_s: How often to look for work that other processes added or that has become due.
        concurrency: Pieces of work at the same time.
        drain_s: How long a stop waits for what is in flight.
    """

    lease_s: float = 30.0
    poll_s: float = 1.0
    concurrency: int = 16
    drain_s: float = 20.0
    retry: RetryPolicy = RetryPolicy()


class OutboxWorker:
    """Works until it is told to stop."""

    def __init__(  # noqa: PLR0913, PLR0917 - two of them have defaults that serve everywhere but in tests
        self,
        storage: Storage,
        handlers: Mapping[str, Handler],
        worker_id: str,
        clock: Clock,
        settings: WorkerSettings | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._storage = storage
        self._handlers = handlers
        self._worker_id = worker_id
        self._clock = clock
        self._settings = settings or WorkerSettings()
        self._chance = chance
        self._in_flight: dict[asyncio.Task[None], OutboxItem] = {}
        self._half_free = asyncio.Event()
        self._done: Gathering[OutboxItem, bool] = Gathering(
            storage.unit_of_work, _mark_done, key=lambda item: item.id
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in flight.

        Cancelled, it drops its work at once; the leases end and another worker takes over.
        """
        heartbeat = asyncio.create_task(self._beat())
        try:
            while not stop.is_set():
                async with self._until_needed(stop):
                    await self._claim()
            await self._drain()
        finally:
            heartbeat.cancel()
            for task in self._in_flight:
                task.cancel()
            await asyncio.gather(heartbeat, *self._in_flight, return_exceptions=True)

    async def run_due(self) -> int:
        """Do everything that is due now, and return how many pieces that were; for tools and tests."""
        count = 0
        while await self._claim():
            count += len(self._in_flight)
            await asyncio.gather(*self._in_flight)
        return count

    async def _claim(self) -> bool:
        """Take work into the free places; return whether there was any."""
        free = self._settings.concurrency - len(self._in_flight)
        if free <= 0:
            return False
        try:
            async with self._storage.unit_of_work() as uow:
                claimed = await uow.outbox.claim(
                    self._worker_id, tuple(self._handlers), self._settings.lease_s, free, self._clock()
                )
        except Exception:  # noqa: BLE001 - whatever it is, the worker goes on
            # The database may be away for a while; the next look tells.
            _log.exception("outbox-claim-failed")
            return False
        for item in claimed:
            task = asyncio.create_task(self._work(item))
            self._in_flight[task] = item
            task.add_done_callback(self._leave)
        return bool(claimed)

    def _leave(self, task: asyncio.Task[None]) -> None:
        del self._in_flight[task]
        if len(self._in_flight) <= self._settings.concurrency // 2:
            self._half_free.set()

    @asynccontextmanager
    async def _until_needed(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Look for work inside; then wait until there may be more, half of the places are free, or a stop.

        A claim costs as much for one place as for many, so a place that becomes free is not filled at once.
        New work, and the time to look for what others have added, wait for nothing.
        """
        self._half_free.clear()
        # They listen from before the look on, so that nothing comes between the two.
        reasons = [
            asyncio.create_task(stop.wait()),
            asyncio.create_task(self._half_free.wait()),
            asyncio.create_task(self._storage.outbox_wakeup.wait(self._settings.poll_s)),
        ]
        try:
            yield
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for reason in reasons:
                reason.cancel()
            await asyncio.gather(*reasons, return_exceptions=True)

    async def _drain(self) -> None:
        if self._in_flight:
            await asyncio.wait(set(self._in_flight), timeout=self._settings.drain_s)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_s / 3)
            try:
                await self.prolong()
            except Exception:  # noqa: BLE001 - a lease that ends is taken over
                _log.exception("outbox-heartbeat-failed")

    async def prolong(self) -> None:
        """Prolong the leases of what is in flight, and drop what another worker has taken over."""
        in_flight = dict(self._in_flight)
        if not in_flight:
            return
        lease_until = self._clock() + timedelta(seconds=self._settings.lease_s)
        ids = [item.id for item in in_flight.values()]
        async with self._storage.unit_of_work() as uow:
            held = await uow.outbox.heartbeat(self._worker_id, ids, lease_until)
        for task, item in in_flight.items():
            if item.id not in held and not task.done():
                _log.warning("outbox-lease-lost", item_id=item.id, kind=item.kind)
                task.cancel()

    async def _work(self, item: OutboxItem) -> None:
        try:
            later = await self._try(item)
            outcome = await self._settle(item, later)
        except LeaseLost:
            outcome = "lost"
        except Exception:  # noqa: BLE001 - one piece of work must not stop the others
            # Neither done nor given back: the lease ends and it is tried again.
            _log.exception("outbox-settle-failed", item_id=item.id, kind=item.kind)
            outcome = "abandoned"
        _WORK.labels(item.kind, outcome).inc()

    async def _try(self, item: OutboxItem) -> RetryLater | None:
        """Return None when the work is done, else what was in the way."""
        try:
            await self._handlers[item.kind].handle(item)
        except RetryLater as later:
            return later
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 - a fault of ours is retried like any other
            _log.exception("outbox-handler-failed", item_id=item.id, kind=item.kind)
            return RetryLater(_INTERNAL)
        return None

    async def _settle(self, item: OutboxItem, later: RetryLater | None) -> str:
        retry = self._settings.retry
        giving_up = later is not None and not later.patient and item.attempts >= retry.attempts
        if later is not None and giving_up:
            await self._handlers[item.kind].give_up(item, later.code)
        if later is None:
            return "done" if await self._done.ask(item) else "lost"
        async with self._storage.unit_of_work() as uow:
            if giving_up:
                outcome, held = "buried", await uow.outbox.bury(item, later.code)
            else:
                delay = timedelta(seconds=retry.delay_s(item.attempts, self._chance()))
                run_at = later.run_at or self._clock() + delay
                outcome, held = "retried", await uow.outbox.retry(item, run_at, later.code)
        return outcome if held else "lost"


async def _mark_done(uow: UnitOfWork, items: Sequence[OutboxItem]) -> list[bool]:
    held = await uow.outbox.done(*items)
    return [item.id in held for item in items]


async def stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for `stop`, at most so long; return whether it is set. For services that do things regularly."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()
