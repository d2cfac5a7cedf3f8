import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import Clock
from whoisproxy.services.outbox_worker import OutboxWorker, RetryLater, RetryPolicy, WorkerSettings
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage

KIND = "test.kind"


class Recorder:
    """A handler that writes down what it did, and fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.done: list[str] = []
        self.given_up: list[str] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.enough = 1
        self.all_done = asyncio.Event()

    async def handle(self, item: OutboxItem) -> None:
        self.begun.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.done.append(str(item.payload["name"]))
        if len(self.done) >= self.enough:
            self.all_done.set()

    async def give_up(self, item: OutboxItem, code: str) -> None:
        self.given_up.append(f"{item.payload['name']} {code}")


def _worker(storage: Storage, handler: Recorder, clock: Clock, name: str = "w1") -> OutboxWorker:
    settings = WorkerSettings(lease_s=30, poll_s=0.02, drain_s=5, retry=RetryPolicy(attempts=3))
    return OutboxWorker(storage, {KIND: handler}, name, clock, settings, lambda: 0.0)


async def _add(storage: Storage, clock: Clock, *names: str, key: str = "") -> None:
    async with storage.unit_of_work() as uow:
        for name in names:
            await uow.outbox.add(KIND, key or name, {"name": name}, clock())


async def test_work_of_one_key_is_done_in_order(sqlite_storage: Storage) -> None:
    clock, handler = Clock(), Recorder()
    await _add(sqlite_storage, clock, "a", "b", "c", key="k")
    assert await _worker(sqlite_storage, handler, clock).run_due() == 3
    assert handler.done == ["a", "b", "c"]


@pytest.mark.parametrize("failure", [RetryLater("BUSY"), ValueError("our own fault")])
async def test_failed_work_is_done_later_and_not_before(sqlite_storage: Storage, failure: Exception) -> None:
    clock, handler = Clock(), Recorder(failure)
    worker = _worker(sqlite_storage, handler, clock)
    await _add(sqlite_storage, clock, "a")
    await worker.run_due()
    assert await worker.run_due() == 0
    clock.pass_by(seconds=2)
    await worker.run_due()
    assert handler.done == ["a"]


async def test_a_handler_may_say_when_to_come_back_and_that_it_is_never_too_often(
    sqlite_storage: Storage,
) -> None:
    clock = Clock()
    tomorrow = clock() + timedelta(days=1)
    handler = Recorder(RetryLater("PENDING", run_at=tomorrow), *[RetryLater("BUSY", patient=True)] * 5)
    worker = _worker(sqlite_storage, handler, clock)
    await _add(sqlite_storage, clock, "a")
    await worker.run_due()
    clock.pass_by(hours=23)
    assert await worker.run_due() == 0
    for _ in range(6):
        clock.pass_by(hours=1)
        await worker.run_due()
    assert (handler.done, handler.given_up) == (["a"], [])


async def test_work_that_fails_too_often_is_given_up_and_others_go_on(sqlite_storage: Storage) -> None:
    clock, handler = Clock(), Recorder(*[RetryLater("BUSY")] * 3)
    worker = _worker(sqlite_storage, handler, clock)
    await _add(sqlite_storage, clock, "a", "b", key="k")
    for _ in range(5):
        await worker.run_due()
        clock.pass_by(hours=1)
    assert handler.given_up == ["a BUSY"]
    assert handler.done == ["b"]


async def test_a_killed_workers_work_is_taken_over_when_its_lease_ends(sqlite_storage: Storage) -> None:
    clock, stuck, healthy = Clock(), Recorder(), Recorder()
    stuck.gate.clear()
    await _add(sqlite_storage, clock, "a")
    killed = asyncio.create_task(_worker(sqlite_storage, stuck, clock, "w1").run(asyncio.Event()))
    await stuck.begun.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)

    other = _worker(sqlite_storage, healthy, clock, "w2")
    assert await other.run_due() == 0
    clock.pass_by(seconds=31)
    assert await other.run_due() == 1
    assert (stuck.done, healthy.done) == ([], ["a"])


async def test_told_to_stop_the_worker_finishes_what_is_in_flight(sqlite_storage: Storage) -> None:
    clock, handler, stop = Clock(), Recorder(), asyncio.Event()
    handler.gate.clear()
    await _add(sqlite_storage, clock, "a")
    running = asyncio.create_task(_worker(sqlite_storage, handler, clock).run(stop))
    await handler.begun.wait()
    await _add(sqlite_storage, clock, "b")
    stop.set()
    handler.gate.set()
    await running
    assert handler.done[0] == "a"


async def test_new_work_is_taken_while_most_places_are_busy(sqlite_storage: Storage) -> None:
    """Places that became free wait for company; new work does not wait for them."""
    clock, handler, stop = Clock(), Recorder(), asyncio.Event()
    handler.gate.clear()
    await _add(sqlite_storage, clock, *map(str, range(12)))
    running = asyncio.create_task(_worker(sqlite_storage, handler, clock).run(stop))
    await handler.begun.wait()
    handler.begun.clear()
    await _add(sqlite_storage, clock, "late")
    await handler.begun.wait()
    handler.gate.set()
    stop.set()
    await running
    assert sorted(handler.done) == sorted([*map(str, range(12)), "late"])


async def test_more_work_than_places_is_all_done(sqlite_storage: Storage) -> None:
    clock, handler, stop = Clock(), Recorder(), asyncio.Event()
    names = [str(number) for number in range(50)]
    await _add(sqlite_storage, clock, *names)
    handler.enough = len(names)
    running = asyncio.create_task(_worker(sqlite_storage, handler, clock).run(stop))
    await handler.all_done.wait()
    stop.set()
    await running
    assert sorted(handler.done) == sorted(names)


async def test_what_another_has_taken_over_meanwhile_is_not_marked_done_with_the_rest(
    sqlite_storage: Storage,
) -> None:
    clock, handler = Clock(), Recorder()
    handler.gate.clear()
    await _add(sqlite_storage, clock, "a", "b")
    working = asyncio.create_task(_worker(sqlite_storage, handler, clock).run_due())
    await handler.begun.wait()
    clock.pass_by(seconds=31)
    async with sqlite_storage.unit_of_work() as uow:
        [taken] = await uow.outbox.claim("w2", [KIND], 30, 1, clock())
    handler.gate.set()
    assert await working == 2
    async with sqlite_storage.unit_of_work() as uow:
        assert await uow.outbox.done(taken) == {taken.id}


async def test_new_work_wakes_the_worker(sqlite_storage: Storage) -> None:
    clock, handler, stop = Clock(), Recorder(), asyncio.Event()
    running = asyncio.create_task(_worker(sqlite_storage, handler, clock).run(stop))
    await _add(sqlite_storage, clock, "a")
    await handler.begun.wait()
    stop.set()
    await running
    assert handler.done == ["a"]


@given(attempts=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_back_off_grows_to_a_bound_and_is_spread_over_half_of_it(attempts: int, chance: float) -> None:
    policy = RetryPolicy()
    whole = min(policy.longest_s, policy.first_s * 2 ** min(attempts - 1, 40))
    assert whole / 2 <= policy.delay_s(attempts, chance) <= whole
