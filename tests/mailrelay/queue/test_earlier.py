"""Mail of an earlier version is moved into the queue whole and once, whenever the move is cut off."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import MetaData, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.queue import earlier as moving
from mailrelay.queue.earlier import earlier
from mailrelay.queue.entry import State
from mailrelay.queue.ids import SLOTS, new_message_id
from mailrelay.queue.opening import QueueSite, open_queue, places_of
from mailrelay.queue.operations import Work
from tests.mailrelay.conftest import NOW, Clock
from tests.mailrelay.queue.letters import LEASE, RAW
from tests.mailrelay.world import OwnerKeys
from whoisproxy.storage.engine import open_engine
from whoisproxy.storage.migrate import migrate

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

OF_EACH = (State.QUEUED, State.DELIVERING, State.DEFERRED, State.QUARANTINED, State.DELIVERED)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.sqlite3'}"
    server = cast("PostgresServer", request.getfixturevalue("postgres"))
    return server.url(server.new_database("template0"))


@pytest.fixture
async def engine(empty_url: str) -> AsyncIterator[AsyncEngine]:
    """A database of the schema before."""
    await migrate(empty_url, "0005")
    engine = open_engine(empty_url)
    yield engine
    await engine.dispose()


async def _old_mail(engine: AsyncEngine, url: str, keys: OwnerKeys) -> dict[str, State]:
    """Write messages as the version before did, and bring the schema up to date."""
    key = await keys.key("reg_1")
    at = int(NOW.timestamp() * 1_000_000)
    envelope = {"reverse_path": "ada@offers.example", "recipient": "abc@relay.example"}
    rows = [
        {
            "id": new_message_id(NOW, number % SLOTS), "direction": "forward", "state": state,
            "owner_id": "reg_1",
            "relay_id": "relay_1", "reply_id": "", "about_id": "",
            "envelope": key.seal(json.dumps(envelope).encode()),
            "body": None if state is State.DELIVERED else key.seal(RAW),
            "size_octets": len(RAW), "verdicts": [{"check": "c", "action": "tag", "reason": "r"}],
            "authentication": key.seal(b"relay.example; spf=pass"), "spf": "pass", "attempts": 2,
            "last_error": "", "received_at": at, "updated_at": at, "next_attempt_at": at, "leased_by": "x",
            "lease_until": at,
        }
        for number, state in enumerate(OF_EACH * 50)
    ]  # fmt: skip
    old = earlier.to_metadata(MetaData(), name="mail_messages")
    async with engine.begin() as connection:
        await connection.execute(insert(old), rows)
    await migrate(url)
    return {cast("str", row["id"]): cast("State", row["state"]) for row in rows}


async def test_all_of_it_is_there_afterwards_and_can_be_delivered(
    engine: AsyncEngine, empty_url: str, tmp_path: Path, clock: Clock
) -> None:
    keys = OwnerKeys()
    before = await _old_mail(engine, empty_url, keys)
    site = QueueSite(engine, tmp_path / "mail")
    for _ in range(2):  # the second start finds nothing left to do
        async with open_queue(site, keys, clock) as store:
            shown = {one.id: one for one in await store.search(1000)}
            assert shown.keys() == before.keys()
            assert {one.sender for one in shown.values()} == {"ada@offers.example"}
    async with open_queue(site, keys, clock) as store:
        claimed = await store.claim("w", LEASE, 1000)
        due = {State.QUEUED, State.DELIVERING, State.DEFERRED}
        assert {one.id for one in claimed} == {one for one, state in before.items() if state in due}
        assert {(one.raw, one.authentication, one.proven, one.attempts, one.protocol) for one in claimed} == {
            (RAW, "relay.example; spf=pass", True, 2, "ESMTP")
        }
        [first, *_] = claimed
        assert await store.delivered("w", first.id)
        kept = next(one for one, state in before.items() if state is State.QUARANTINED)
        assert await store.release(kept)
    async with engine.connect() as connection:
        assert (await connection.execute(select(earlier.c.id))).all() == []


async def test_a_move_that_was_cut_off_goes_on_and_brings_nothing_back(
    engine: AsyncEngine, empty_url: str, tmp_path: Path, clock: Clock
) -> None:
    """The part was in the queue, and delivered, before it was taken from the old table."""
    keys = OwnerKeys()
    before = await _old_mail(engine, empty_url, keys)
    site = QueueSite(engine, tmp_path / "mail")
    async with engine.connect() as connection:
        rows = (await connection.execute(select(earlier).limit(100))).all()
    parts: list[Any] = [await moving._moved(row, keys) for row in rows]
    places = places_of(site)
    await places.first.ask(Work(lambda connection: moving._add_missing(connection, parts)))
    await places.close()
    # Somebody has delivered one of them since.
    copied = {row.id for row in rows}
    async with engine.begin() as connection:
        other = earlier.to_metadata(MetaData(), name="elsewhere")
        await connection.run_sync(other.metadata.create_all)
        await connection.execute(insert(other), [dict(row._mapping) for row in rows])
        await connection.execute(earlier.delete().where(earlier.c.id.in_(copied)))
    async with open_queue(site, keys, clock) as store:
        [done, *_] = [one for one in await store.claim("w", LEASE, 1000) if one.id in copied]
        assert await store.delivered("w", done.id)
        async with engine.begin() as connection:
            await connection.execute(insert(earlier), [dict(row._mapping) for row in rows])

    async with open_queue(site, keys, clock) as store:
        states = {one.id: one.state for one in await store.search(1000)}
        assert states.keys() == before.keys()
        assert states[done.id] is State.DELIVERED
        clock.now = datetime.now(UTC) + timedelta(days=1)
        assert done.id not in {one.id for one in await store.claim("w", LEASE, 1000)}


async def test_what_an_erased_owner_left_comes_along_without_its_text(
    engine: AsyncEngine, empty_url: str, tmp_path: Path, clock: Clock
) -> None:
    keys = OwnerKeys()
    await _old_mail(engine, empty_url, keys)
    keys.erased.add("reg_1")
    async with open_queue(QueueSite(engine, tmp_path / "mail"), keys, clock) as store:
        assert {one.state for one in await store.search(1000)} == {State.DISCARDED, State.DELIVERED}
        assert await store.claim("w", LEASE, 10) == []
