"""The outbox: at least once, in order per key, one at a time, whatever dies."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.whoisproxy.storage.values import HOUR, NOW
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage

LEASE_S = 60.0


async def add(storage: Storage, key: str, number: int = 0, kind: str = "work") -> int:
    async with storage.unit_of_work() as unit:
        return await unit.outbox.add(kind, key, {"number": number}, NOW)


async def claim(
    storage: Storage,
    worker: str = "one",
    limit: int = 10,
    now: datetime = NOW,
    kinds: Sequence[str] = ("work",),
) -> list[OutboxItem]:
    async with storage.unit_of_work() as unit:
        return await unit.outbox.claim(worker, kinds, LEASE_S, limit, now)


async def test_what_is_due_is_claimed_once(storage: Storage) -> None:
    item_id = await add(storage, "a", 7)
    assert await claim(storage, now=NOW - HOUR) == []
    assert await claim(storage, kinds=["other"]) == []
    assert await claim(storage) == [OutboxItem(item_id, "work", "a", {"number": 7}, 1)]
    assert await claim(storage, "two") == []


class Refused(Exception):
    """Raised inside a unit of work."""


async def fail_after_adding(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.outbox.add("work", "a", {}, NOW)
        raise Refused


async def test_what_is_rolled_back_was_never_added(storage: Storage) -> None:
    with pytest.raises(Refused):
        await fail_after_adding(storage)
    assert await claim(storage) == []


async def test_items_of_a_key_wait_for_the_one_before(storage: Storage) -> None:
    first, second, other = [await add(storage, key) for key in ("a", "a", "b")]
    claimed = await claim(storage)
    assert [item.id for item in claimed] == [first, other]
    assert await claim(storage, "two") == []
    async with storage.unit_of_work() as unit:
        await unit.outbox.done(claimed[0])
    assert [item.id for item in await claim(storage, "two")] == [second]


async def test_a_retried_item_keeps_its_place_and_counts_its_attempts(storage: Storage) -> None:
    first, _second = await add(storage, "a"), await add(storage, "a")
    [item] = await claim(storage)
    async with storage.unit_of_work() as unit:
        await unit.outbox.retry(item, NOW + HOUR, "UNAVAILABLE")
    assert await claim(storage) == []
    [again] = await claim(storage, now=NOW + HOUR)
    assert (again.id, again.attempts) == (first, 2)


async def test_a_buried_item_holds_nobody_up(storage: Storage) -> None:
    _first, second = await add(storage, "a"), await add(storage, "a")
    [item] = await claim(storage)
    async with storage.unit_of_work() as unit:
        await unit.outbox.bury(item, "REFUSED")
    assert [item.id for item in await claim(storage)] == [second]


async def test_withdrawn_work_is_never_claimed_but_claimed_work_is_not_withdrawn(storage: Storage) -> None:
    first = await add(storage, "a")
    await claim(storage)
    await add(storage, "a")
    async with storage.unit_of_work() as unit:
        await unit.outbox.withdraw("a")
    assert await claim(storage, "two") == []
    [taken_over] = await claim(storage, "two", now=NOW + HOUR)
    assert taken_over.id == first


async def test_woken_work_is_due_at_once_and_wakes_workers(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        first, _other = [await unit.outbox.add("work", key, {}, NOW + HOUR) for key in ("a", "b")]
    waiting = asyncio.create_task(storage.outbox_wakeup.wait(30))
    await asyncio.sleep(0)
    async with storage.unit_of_work() as unit:
        await unit.outbox.wake("a", NOW)
    assert await waiting
    assert [item.id for item in await claim(storage)] == [first]


async def test_a_heartbeat_keeps_a_lease_and_only_its_own(storage: Storage) -> None:
    item_id = await add(storage, "a")
    await claim(storage, "one")
    later = NOW + timedelta(seconds=LEASE_S)
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.heartbeat("two", [item_id], NOW + 3 * HOUR) == set()
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.heartbeat("one", [item_id], NOW + HOUR) == {item_id}
    assert await claim(storage, "two", now=later) == []
    [taken_over] = await claim(storage, "two", now=NOW + HOUR)
    assert (taken_over.id, taken_over.attempts) == (item_id, 2)


async def test_a_claim_takes_ended_leases_first_and_no_more_than_it_asks_for(storage: Storage) -> None:
    ids = [await add(storage, key) for key in "abcd"]
    await claim(storage, "dead", limit=2)
    claimed = await claim(storage, "heir", limit=3, now=NOW + HOUR)
    assert [(item.id, item.attempts) for item in claimed] == [(ids[0], 2), (ids[1], 2), (ids[2], 1)]


async def test_a_claim_does_not_sort_the_queue(sqlite_storage: Storage) -> None:
    """Where 100,000 pieces of work wait, sorting them for each claim takes longer than the work."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(sqlite_storage.engine.sync_engine, "before_cursor_execute")
    def note(_: object, __: object, sql: str, values: tuple[object, ...], *___: object) -> None:
        asked.append((sql, values))

    assert await claim(sqlite_storage) == []
    [(sql, values)] = [each for each in asked if each[0].startswith("SELECT") and each[1][0] == "waiting"]
    async with sqlite_storage.reading() as unit:
        plan = str((await unit.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)).all())
    assert "ix_outbox_state_run_at" in plan
    assert "ORDER BY" not in plan


async def test_who_has_lost_his_claim_can_neither_end_nor_return_the_work(storage: Storage) -> None:
    await add(storage, "a")
    [lost] = await claim(storage, "one")
    # Even the same worker, who stood still for too long, has another claim now.
    [held] = await claim(storage, "one", now=NOW + HOUR)
    async with storage.unit_of_work() as unit:
        assert not await unit.outbox.held(lost)
        assert not await unit.outbox.done(lost)
        assert not await unit.outbox.retry(lost, NOW, "UNAVAILABLE")
        assert not await unit.outbox.bury(lost, "REFUSED")
        assert await unit.outbox.held(held)
    await add(storage, "b")
    [other] = await claim(storage, "one")
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.held(lost, other) == {other.id}
        assert await unit.outbox.done(lost, other) == {other.id}
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.done(held)
        assert not await unit.outbox.held(held)


async def test_work_that_waits_for_its_next_try_can_be_woken(storage: Storage) -> None:
    first = await add(storage, "a")
    [item] = await claim(storage)
    async with storage.unit_of_work() as unit:
        await unit.outbox.wake("a", NOW)
    assert await claim(storage, "two") == []
    async with storage.unit_of_work() as unit:
        await unit.outbox.retry(item, NOW + HOUR, "PENDING")
    async with storage.unit_of_work() as unit:
        await unit.outbox.wake("a", NOW)
    assert [each.id for each in await claim(storage, "two")] == [first]


async def test_workers_wake_after_the_commit(storage: Storage) -> None:
    waiting = asyncio.create_task(storage.outbox_wakeup.wait(30))
    await asyncio.sleep(0)
    await add(storage, "a")
    assert await waiting


@dataclass
class Record:
    """What several workers did."""

    running: set[str] = field(default_factory=set)
    done: dict[str, list[object]] = field(default_factory=dict)

    async def work(self, storage: Storage, item: OutboxItem) -> None:
        assert item.key not in self.running, "two workers at one key"
        self.running.add(item.key)
        async with storage.reading() as unit:
            await unit.registrars.all()
        self.done.setdefault(item.key, []).append(item.payload["number"])
        self.running.remove(item.key)
        async with storage.unit_of_work() as unit:
            await unit.outbox.done(item)


async def test_several_workers_do_every_item_once_and_each_key_in_order(
    database_url: str, master_keys: MasterKeys
) -> None:
    """Each worker has a storage of its own, as in processes of their own."""
    storages = [await Storage.open(database_url, master_keys) for _ in range(3)]
    keys, per_key, record = [f"key{n}" for n in range(5)], 6, Record()

    async def produce(storage: Storage, key: str) -> None:
        for number in range(per_key):
            await add(storage, key, number)

    async def consume(storage: Storage, worker: str) -> None:
        while sum(map(len, record.done.values())) < len(keys) * per_key:
            for item in await claim(storage, worker, limit=2):
                await record.work(storage, item)

    try:
        async with asyncio.TaskGroup() as tasks:
            for number, storage in enumerate(storages):
                tasks.create_task(consume(storage, f"worker{number}"))
            for number, key in enumerate(keys):
                tasks.create_task(produce(storages[number % 3], key))
    finally:
        for storage in storages:
            await storage.close()
    assert record.done == {key: list(range(per_key)) for key in keys}


_DYING_WORKER = """
import asyncio, sys
from datetime import datetime, UTC
from pathlib import Path
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.unit_of_work import Storage

async def main():
    storage = await Storage.open(sys.argv[1], MasterKeys.load_or_create(Path(sys.argv[2])))
    async with storage.unit_of_work() as unit:
        [item] = await unit.outbox.claim("dying", ["work"], 60.0, 1, datetime.fromisoformat(sys.argv[3]))
    print(item.id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_work_of_a_killed_worker_is_taken_over(
    storage: Storage, database_url: str, tmp_path: Path
) -> None:
    item_id = await add(storage, "a", 1)
    arguments = (sys.executable, "-c", _DYING_WORKER, database_url, tmp_path / "keys", NOW.isoformat())
    worker = await asyncio.create_subprocess_exec(
        *arguments, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3], env=dict(os.environ)
    )
    assert worker.stdout is not None
    assert int(await worker.stdout.readline()) == item_id
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    assert await claim(storage, "heir") == []
    [taken_over] = await claim(storage, "heir", now=NOW + timedelta(seconds=LEASE_S))
    assert taken_over == OutboxItem(item_id, "work", "a", {"number": 1}, 2)


async def test_times_are_aware_utc_however_they_were_given(storage: Storage) -> None:
    """A claim compares times: both engines must compare the same moments."""
    async with storage.unit_of_work() as unit:
        await unit.outbox.add("work", "a", {}, datetime(2026, 3, 1, 14, tzinfo=UTC))
    assert await claim(storage, now=datetime(2026, 3, 1, 13, 59, 59, 999999, tzinfo=UTC)) == []
    assert len(await claim(storage, now=datetime(2026, 3, 1, 14, tzinfo=UTC))) == 1
