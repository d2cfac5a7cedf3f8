"""A queue file for each process: each writes into its own, everybody sees all of them, none is forgotten."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, closing
from functools import partial
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, State
from mailrelay.queue.ids import slot_of
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.sqlite_file import NewerFile
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import Clock
from tests.mailrelay.queue.letters import LEASE, letter, report
from tests.mailrelay.world import OwnerKeys
from whoisproxy.storage.engine import open_engine

Open = Callable[..., AbstractAsyncContextManager[QueueStore]]


@pytest.fixture
async def opening(sqlite_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Open]:
    engine = open_engine(sqlite_url)
    yield partial(open_queue, QueueSite(engine, tmp_path / "mail"), OwnerKeys(), clock)
    await engine.dispose()


async def test_every_process_sees_and_moves_the_mail_of_all(opening: Open, clock: Clock) -> None:
    ids = []
    async with opening(slot=0, processes=2) as one, opening(slot=1, processes=2) as two:
        for store in (one, two, one):
            ids += await store.enqueue([letter()], State.QUARANTINED)
            clock.advance(1)
        async with opening() as looking:
            assert [record.id for record in await looking.of_relay(["relay_1"], 2)] == [ids[2], ids[1]]
            assert [record.id for record in await looking.of_relay(["relay_1"], 2, after=ids[1])] == [ids[0]]
            assert await looking.depth() == {State.QUARANTINED: 3}
            assert await looking.known_thread_ids(
                "relay_1", "ada.buyer@offers.example", ["<1@offers.example>"]
            )
            assert await looking.release(ids[1])
            assert await looking.discard(ids[0])
        assert [slot_of(each) for each in ids] == [0, 1, 0]
        assert await one.claim("one", LEASE, 5) == []
        assert [each.id for each in await two.claim("two", LEASE, 5)] == [ids[1]]


async def test_files_of_processes_that_are_no_more_are_emptied(opening: Open) -> None:
    async with opening(slot=3, processes=4) as gone, opening(slot=2, processes=4) as also_gone:
        odd, even = [*await gone.enqueue([letter()]), *await also_gone.enqueue([letter()])]
    async with opening(slot=0, processes=2) as one, opening(slot=1, processes=2) as two:
        assert [each.id for each in await one.claim("one", LEASE, 5)] == [even]
        assert [each.id for each in await two.claim("two", LEASE, 5)] == [odd]
        assert await two.bounced("two", odd, "refused-550", [report()])
        [dsn] = await two.claim("two", LEASE, 5)
        assert (dsn.direction, slot_of(dsn.id)) == (Direction.DSN, 3)
        assert await two.delivered("two", dsn.id)


async def test_two_processes_may_change_one_file_at_the_same_time(opening: Open) -> None:
    async with opening() as owner, opening(slot=1) as other:
        ids = await owner.enqueue([letter() for _ in range(40)], State.QUARANTINED)
        done = await asyncio.gather(
            *(store.release(each) for each in ids for store in (owner, other)),
            *(owner.enqueue([letter()]) for _ in range(40)),
        )
        assert done[:80].count(True) == 40
        assert await other.depth() == {State.QUEUED: 80}


async def test_a_file_of_a_newer_version_is_left_alone(opening: Open, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "mail-0.sqlite3")) as file:
        file.execute("PRAGMA user_version = 99")
    async with opening() as store:
        with pytest.raises(NewerFile):
            await store.enqueue([letter()])
