"""A full disk, and a database that goes and comes back: nothing is taken, nothing is lost, all recovers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from mailrelay.queue.entry import State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.operations import QueueUnavailable, Work
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import Clock
from tests.mailrelay.queue.letters import LEASE, Taker, letter
from tests.mailrelay.world import OwnerKeys, World, open_world
from tests.support.postgres import PostgresServer, postgres_server
from whoisproxy.storage.engine import open_engine
from whoisproxy.storage.migrate import migrate

HUGE = b"x" * 400_000


async def _limit(store: QueueStore, pages: int) -> None:
    """Let the queue file have no more pages, as a full disk would."""

    def limit(connection: Connection) -> Any:
        return connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar()

    await store._places.own.ask(Work(limit))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


async def test_a_full_disk_is_told_before_anything_is_accepted_and_passes(world: World) -> None:
    assert (await world.stranger_writes()).code == 250
    await _limit(world.store, 60)

    answer = await world.stranger_writes(text="x" * 300_000)
    assert (answer.code, answer.text.split()[0]) == (452, "4.3.1")
    assert await world.store.depth() == {State.QUEUED: 1}

    await _limit(world.store, 100_000)
    assert (await world.stranger_writes(text="x" * 300_000)).code == 250


async def test_room_kept_for_mail_that_was_not_stored_is_free_again(
    sqlite_url: str, tmp_path: Path, clock: Clock
) -> None:
    engine = open_engine(sqlite_url)
    async with open_queue(QueueSite(engine, tmp_path / "mail"), OwnerKeys(), clock) as store:
        worker = Taker(store)
        await store.begin_delivering(worker)
        await store.enqueue([letter()])
        await _limit(store, 40)

        outcomes = await asyncio.gather(
            *(store.enqueue([letter(HUGE)]) for _ in range(5)), return_exceptions=True
        )

        assert [isinstance(one, QueueUnavailable) and one.code for one in outcomes] == [452] * 5
        assert (len(worker.taken), worker.room) == (1, 99)
        assert await worker.deliver(worker.taken[0])
    await engine.dispose()


@pytest.fixture
def own_server() -> Any:
    """A server for one test, which may stop it; durable, for it is stopped without warning."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.mark.slow
async def test_a_database_that_stops_and_starts_again(
    own_server: PostgresServer, tmp_path: Path, clock: Clock
) -> None:
    url = own_server.url(own_server.new_database("template0"))
    await migrate(url)
    engine = open_engine(url)
    async with open_queue(QueueSite(engine, tmp_path / "mail"), OwnerKeys(), clock) as store:
        worker = Taker(store)
        await store.begin_delivering(worker)
        [kept] = await store.enqueue([letter()])
        await asyncio.to_thread(own_server.stop)

        with pytest.raises(QueueUnavailable) as away:
            await store.enqueue([letter()])
        assert (away.value.code, away.value.enhanced, away.value.retry) == (451, "4.3.0", True)
        store.sent(kept)
        with pytest.raises(QueueUnavailable):
            await store.delivered("taker", kept)
        with pytest.raises(QueueUnavailable):
            await store.claim("taker", LEASE, 5)

        await asyncio.to_thread(own_server.start)
        store.wakeup.clear()
        assert len(await store.enqueue([letter()])) == 1
        # The record that could not be written then is written when the lease has run out.
        clock.advance(61)
        claimed = await store.claim("taker", LEASE, 5)
        assert kept not in [one.id for one in claimed]
        record = await store.get(kept)
        assert record is not None
        assert record.state is State.DELIVERED
        # And announcements are heard again.
        async with open_queue(QueueSite(engine, tmp_path / "other"), OwnerKeys(), clock) as other:
            async with asyncio.timeout(30):
                await store.wakeup.wait()
                store.wakeup.clear()
                await other.enqueue([letter()])
                await store.wakeup.wait()
    await engine.dispose()
