"""The owner's log is what the queue has committed, whole, page by page; its numbers outlive it."""

import random
import sqlite3
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, State
from mailrelay.queue.log import LogQuery
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import NOW, Clock
from tests.mailrelay.queue.letters import LEASE, letter
from tests.mailrelay.world import OwnerKeys
from whoisproxy.storage.engine import open_engine

OURS = LogQuery(("relay_1", "relay_2"), ("reg_1",))
_WORKER = "one"


async def _fill(store: QueueStore, clock: Clock, seed: int) -> dict[str, tuple[State, Direction, int]]:
    """Have mail come for a fortnight; return what became of ours, and on which day it came."""
    ours: dict[str, tuple[State, Direction, int]] = {}
    chance = random.Random(seed)  # noqa: S311 - the same mail each time
    for _ in range(60):
        clock.advance(chance.randrange(12 * 3600))
        relay, owner = chance.choice(["relay_1", "relay_2", "relay_3"]), chance.choice(["reg_1", "reg_2"])
        way = chance.choice([Direction.FORWARD, Direction.FORWARD, Direction.REPLY, Direction.NOTICE])
        state = chance.choice([State.DELIVERED, State.BOUNCED, State.REJECTED, State.QUARANTINED])
        new = letter(relay_id=relay, owner_id=owner, direction=way)
        begins = state if state in {State.REJECTED, State.QUARANTINED} else State.QUEUED
        [message_id] = await store.enqueue([new], begins)
        if begins is State.QUEUED:
            await store.claim(_WORKER, LEASE, 10)
        if state is State.DELIVERED:
            assert await store.delivered(_WORKER, message_id)
        if state is State.BOUNCED:
            assert await store.bounced(_WORKER, message_id, "refused-550")
        if (relay, owner) in {("relay_1", "reg_1"), ("relay_2", "reg_1")} and way is not Direction.NOTICE:
            ours[message_id] = (state, way, (clock() - NOW.replace(hour=0)).days)
    return ours


async def _pages(store: QueueStore, query: LogQuery, size: int) -> list[str]:
    found: list[str] = []
    while page := await store.logged(query, size, found[-1] if found else ""):
        assert len(page) <= size
        found += [one.id for one in page]
    return found


async def _numbers(store: QueueStore, query: LogQuery) -> Counter[tuple[State, Direction, int]]:
    first = (NOW.date() - NOW.date().replace(year=1970, month=1, day=1)).days
    return Counter(
        {(one.state, one.direction, one.day - first): one.messages for one in await store.numbers(query)}
    )


@pytest.mark.parametrize(("seed", "size"), [(1, 1), (2, 3), (3, 7), (4, 100)])
async def test_pages_together_are_the_whole_log_newest_first(
    store: QueueStore, clock: Clock, seed: int, size: int
) -> None:
    ours = await _fill(store, clock, seed)
    assert await _pages(store, OURS, size) == sorted(ours, reverse=True)
    for state in (State.DELIVERED, State.BOUNCED, State.REJECTED):
        chosen = LogQuery(OURS.relay_ids, OURS.owner_ids, states=(state,))
        assert await _pages(store, chosen, size) == sorted(
            [one for one, (its, _, _) in ours.items() if its is state], reverse=True
        )


async def test_numbers_are_those_of_the_log_and_stay_when_it_is_forgotten(
    store: QueueStore, clock: Clock
) -> None:
    ours = Counter((await _fill(store, clock, 5)).values())
    assert await _numbers(store, OURS) == ours
    # Of what is waiting nothing is forgotten; the rest goes in two parts.
    for days in (20, 5):
        await store.purge(clock() - timedelta(days=days))
        assert await _numbers(store, OURS) == ours
    clock.advance(90 * 86400)
    await store.purge(clock())
    assert await _numbers(store, OURS) == ours
    left = await store.logged(OURS, 100)
    assert {one.state for one in left} == {State.QUARANTINED}
    assert await store.numbers(LogQuery(("relay_9",), ("reg_1",))) == []
    assert await store.numbers(LogQuery(OURS.relay_ids, ("reg_9",))) == []


async def test_numbers_are_forgotten_after_a_year_and_a_month(store: QueueStore, clock: Clock) -> None:
    await store.enqueue([letter()], State.REJECTED)
    clock.advance(399 * 86400)
    await store.purge(clock())
    assert sum((await _numbers(store, OURS)).values()) == 1
    clock.advance(3 * 86400)
    await store.purge(clock())
    assert await store.numbers(OURS) == []


async def test_who_wrote_and_about_what_is_sealed_and_goes_with_the_owner(
    store: QueueStore, keys: OwnerKeys, tmp_path: Path
) -> None:
    new = letter(author="Ada Buyer <ada.buyer@offers.example>", subject="The bakery's domain")
    await store.enqueue([new], State.REJECTED)
    [entry] = await store.logged(OURS, 10)
    assert (entry.author, entry.subject) == (new.author, new.subject)
    assert not _files_with(tmp_path, b"bakery")
    keys.erased.add("reg_1")
    [erased] = await store.logged(OURS, 10)
    assert (erased.id, erased.author, erased.subject, erased.sender) == (entry.id, "", "", "")


def _files_with(folder: Path, octets: bytes) -> list[Path]:
    return [file for file in folder.rglob("*-mail*") if octets in file.read_bytes()]


async def test_thousands_of_addresses_are_one_question(store: QueueStore) -> None:
    await store.enqueue([letter(relay_id="relay_39999")], State.REJECTED)
    many = LogQuery([f"relay_{number}" for number in range(40_000)], ("reg_1",))
    assert len(await store.logged(many, 10)) == 1
    assert [one.messages for one in await store.numbers(many)] == [1]


async def test_a_file_of_the_first_version_is_brought_up_to_date(
    tmp_path: Path, clock: Clock, keys: OwnerKeys
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'main.db'}")
    site = QueueSite(engine, tmp_path / "main-mail")
    async with open_queue(site, keys, clock) as store:
        await store.enqueue([letter()], State.REJECTED)
    file = sqlite3.connect(tmp_path / "main-mail-0.sqlite3")
    file.executescript(
        "DROP INDEX mail_messages_of_relay; DROP TABLE mail_days;"
        "CREATE INDEX mail_messages_of_relay ON mail_messages (relay_id, id); PRAGMA user_version = 1;"
    )
    file.close()
    async with open_queue(site, keys, clock) as store:
        assert len(await store.logged(OURS, 10)) == 1
    file = sqlite3.connect(tmp_path / "main-mail-0.sqlite3")
    columns = file.execute("PRAGMA index_info(mail_messages_of_relay)").fetchall()
    assert [name for _, _, name in columns][:3] == ["relay_id", "id", "state"]
    assert file.execute("SELECT count(*) FROM mail_days").fetchone() == (0,)
    file.close()
    await engine.dispose()
