"""The worker's part of the hand-over: what it takes, in which order, and what it leaves when stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mailrelay.delivery import worker as loop
from mailrelay.delivery.worker import DeliveryWorker
from mailrelay.queue.entry import QueuedMessage, State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.mailrelay.queue.letters import letter
from tests.mailrelay.world import OWNER_MAILBOX, OwnerKeys, World, running, utc_now
from whoisproxy.storage.engine import open_engine


class Gate:
    """Delivers one message after the other, each when it is let through."""

    def __init__(self, store: QueueStore) -> None:
        self.store = store
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.pass_one = asyncio.Semaphore(0)

    async def deliver(self, message: QueuedMessage) -> None:
        self.begun.put_nowait(message.id)
        await self.pass_one.acquire()
        self.store.sent(message.id)
        assert await self.store.delivered("worker", message.id)

    async def close(self) -> None:
        """There is nothing to take leave of."""

    async def next_begun(self) -> str:
        async with asyncio.timeout(10):
            return await self.begun.get()


@asynccontextmanager
async def working(store: QueueStore, gate: Gate) -> AsyncIterator[asyncio.Event]:
    """Run a worker with one place."""
    stop = asyncio.Event()
    deliverer: Any = gate
    worker = DeliveryWorker(store=store, deliverer=deliverer, worker_id="worker", concurrency=1)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        for _ in range(100):
            gate.pass_one.release()
        async with asyncio.timeout(10):
            await task


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[QueueStore]:
    engine = open_engine(f"sqlite:///{tmp_path / 'main.sqlite3'}")
    async with open_queue(QueueSite(engine, tmp_path / "mail"), OwnerKeys(), utc_now) as store:
        yield store
    await engine.dispose()


async def _trail(store: QueueStore, message_id: str) -> list[str]:
    record = await store.get(message_id)
    assert record is not None
    return [line.partition(" ")[2] for line in record.trail.splitlines()]


async def _take_the_place(store: QueueStore, gate: Gate) -> str:
    """Have the worker begin with a message; it is awake then, and has looked into the queue."""
    [first] = await store.enqueue([letter()])
    assert await gate.next_begun() == first
    return first


async def test_mail_that_comes_in_while_it_works_is_not_claimed(world: World) -> None:
    async with running(world):
        for number in range(3):
            assert (await world.stranger_writes()).code == 250
            await world.arrived_at(OWNER_MAILBOX, number + 1)
    trails = [await _trail(world.store, one.id) for one in await world.store.search(10)]
    assert ["taken-and-handed-over", "delivered-tls-none"] in trails


async def test_protected_mail_overtakes_what_waits_in_memory(store: QueueStore) -> None:
    gate = Gate(store)
    async with working(store, gate):
        await _take_the_place(store, gate)
        [usual] = await store.enqueue([letter()])
        [protected] = await store.enqueue([letter(protected=True)])
        gate.pass_one.release()
        assert await gate.next_begun() == protected
        gate.pass_one.release()
        assert await gate.next_begun() == usual


async def test_new_mail_does_not_overtake_what_waits_in_the_queue(
    store: QueueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CLAIM_MESSAGES", 4)
    waiting = [(await store.enqueue([letter()]))[0] for _ in range(12)]
    gate = Gate(store)
    async with working(store, gate):
        begun = [await gate.next_begun()]
        [new] = await store.enqueue([letter()])
        for _ in range(12):
            gate.pass_one.release()
            begun.append(await gate.next_begun())
    assert begun == [*waiting, new]


async def test_what_memory_has_no_room_for_waits_in_the_queue(
    store: QueueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_MOST_MESSAGES", 3)
    gate = Gate(store)
    async with working(store, gate):
        await _take_the_place(store, gate)
        ids = [message_id for _ in range(6) for message_id in await store.enqueue([letter()])]
        for _ in range(6):
            gate.pass_one.release()
            await gate.next_begun()
    ways = [(await _trail(store, message_id))[0] for message_id in ids]
    assert ways[0] == "taken-and-handed-over"
    assert "queued" in ways


async def test_a_stopped_worker_finishes_what_it_began_and_gives_back_the_rest(store: QueueStore) -> None:
    gate = Gate(store)
    async with working(store, gate) as stop:
        first = await _take_the_place(store, gate)
        [second] = await store.enqueue([letter()])
        stop.set()
        gate.pass_one.release()
    assert (await _trail(store, first))[-1] == "delivered"
    assert (await _trail(store, second))[-1] == "given-back"
    record = await store.get(second)
    assert record is not None
    assert (record.state, record.attempts, record.leased_by) == (State.QUEUED, 0, "")
