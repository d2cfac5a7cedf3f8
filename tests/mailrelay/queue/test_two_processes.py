"""Two processes on PostgreSQL: no message is claimed twice, and one hears what the other has queued."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailrelay.queue.entry import State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import Clock
from tests.mailrelay.queue.letters import LEASE, Taker, letter
from tests.mailrelay.world import OwnerKeys
from tests.support.postgres import PostgresServer
from whoisproxy.storage.engine import open_engine

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.url(postgres.new_database())


async def _process(stack: AsyncExitStack, url: str, stem: Path, keys: OwnerKeys, clock: Clock) -> QueueStore:
    """Open the queue as a process of its own does: with connections of its own."""
    engine: AsyncEngine = open_engine(url)
    stack.push_async_callback(engine.dispose)
    return await stack.enter_async_context(open_queue(QueueSite(engine, stem), keys, clock))


async def test_each_message_is_delivered_by_one_of_them(url: str, tmp_path: Path, clock: Clock) -> None:
    keys = OwnerKeys()
    got: Counter[str] = Counter()

    async def work(store: QueueStore, worker_id: str) -> None:
        while claimed := await store.claim(worker_id, LEASE, random.randint(1, 5)):  # noqa: S311
            for message in claimed:
                got[message.id] += 1
                assert await store.delivered(worker_id, message.id)

    async with AsyncExitStack() as stack:
        one = await _process(stack, url, tmp_path / "one", keys, clock)
        two = await _process(stack, url, tmp_path / "two", keys, clock)
        ids = await one.enqueue([letter() for _ in range(60)])
        await asyncio.gather(*(work(store, f"{n}") for n, store in enumerate([one, two] * 3)))
        assert got == Counter(ids)
        assert {record.state for record in await two.search(100)} == {State.DELIVERED}


async def test_one_hears_what_the_other_queues_and_releases(url: str, tmp_path: Path, clock: Clock) -> None:
    keys = OwnerKeys()
    async with AsyncExitStack() as stack:
        one = await _process(stack, url, tmp_path / "one", keys, clock)
        two = await _process(stack, url, tmp_path / "two", keys, clock)
        await two.begin_delivering(Taker(two))
        async with asyncio.timeout(20):
            await two.wakeup.wait()  # it listens now
            two.wakeup.clear()
            await one.enqueue([letter()])
            await two.wakeup.wait()
            two.wakeup.clear()
            [kept] = await one.enqueue([letter()], State.QUARANTINED)
            assert not two.wakeup.is_set()
            assert await one.release(kept)
            await two.wakeup.wait()
