"""New mail goes straight to the worker of its process, and what a dead worker left is settled."""

import asyncio
import contextlib

import pytest

from mailrelay.queue.entry import State
from mailrelay.queue.journal import WorkerExists
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import Clock
from tests.mailrelay.queue.letters import LEASE, RAW, Taker, kill_worker, letter
from tests.mailrelay.world import OwnerKeys


async def test_a_message_is_durable_and_claimed_when_its_worker_gets_it(store: QueueStore) -> None:
    worker = Taker(store)
    await store.begin_delivering(worker)

    [message_id] = await store.enqueue([letter(protocol="ESMTPS")])

    [taken] = worker.taken
    assert (taken.id, taken.raw, taken.authentication) == (message_id, RAW, letter().authentication)
    assert taken.protocol == "ESMTPS"
    assert await store.depth() == {State.DELIVERING: 1}
    assert await store.claim("other", LEASE, 5) == []
    assert await worker.deliver(taken)
    record = await store.get(message_id)
    assert record is not None
    assert (record.state, record.attempts) == (State.DELIVERED, 1)


async def test_what_there_is_no_room_for_is_queued(store: QueueStore) -> None:
    worker = Taker(store, room=1)
    await store.begin_delivering(worker)

    first, second = await store.enqueue([letter(), letter()])

    assert [one.id for one in worker.taken] == [first]
    assert store.wakeup.is_set()
    assert [one.id for one in await store.claim("taker", LEASE, 5)] == [second]


async def test_only_mail_to_be_delivered_is_handed_over(store: QueueStore) -> None:
    worker = Taker(store)
    await store.begin_delivering(worker)

    await store.enqueue([letter()], State.QUARANTINED)
    await store.record_rejected([letter()])

    assert (worker.taken, worker.room) == ([], 100)


async def test_a_client_that_goes_away_does_not_stop_the_hand_over(store: QueueStore) -> None:
    worker = Taker(store)
    await store.begin_delivering(worker)
    asking = asyncio.create_task(store.enqueue([letter()]))
    await asyncio.sleep(0)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking

    await store.enqueue([letter()])

    assert len(worker.taken) == 2
    assert await store.depth() == {State.DELIVERING: 2}


async def test_a_lease_of_mail_handed_over_runs_out_too(store: QueueStore, clock: Clock) -> None:
    worker = Taker(store)
    await store.begin_delivering(worker)
    [message_id] = await store.enqueue([letter()])
    clock.advance(61)

    [taken] = await store.claim("other", LEASE, 5)

    assert (taken.id, taken.attempts) == (message_id, 1)
    assert not await worker.deliver(worker.taken[0])


async def test_the_next_worker_settles_what_a_dead_one_left(
    site: QueueSite, keys: OwnerKeys, clock: Clock
) -> None:
    """What had been sent is delivered, though its record is missing; the rest is due at once."""
    async with open_queue(site, keys, clock) as dead:
        worker = Taker(dead, "dead")
        await dead.begin_delivering(worker)
        sent, unsent = await dead.enqueue([letter(), letter()])
        dead.sent(sent)
        kill_worker(dead)

        async with open_queue(site, keys, clock) as alive:
            await alive.begin_delivering(Taker(alive, "alive"))
            assert [one.id for one in await alive.claim("alive", LEASE, 5)] == [unsent]
            record = await alive.get(sent)
            assert record is not None
            assert record.state is State.DELIVERED
            assert record.trail.endswith("delivered-before-the-worker-died\n")
    assert list(site.stem.parent.glob("*.journal")) == []


async def test_a_living_worker_is_left_alone_and_its_id_is_taken(
    site: QueueSite, keys: OwnerKeys, clock: Clock
) -> None:
    async with open_queue(site, keys, clock) as one, open_queue(site, keys, clock) as two:
        await one.begin_delivering(Taker(one, "same"))
        await one.enqueue([letter()])
        with pytest.raises(WorkerExists):
            await two.begin_delivering(Taker(two, "same"))
        await two.begin_delivering(Taker(two, "other"))
        assert await two.claim("other", LEASE, 5) == []


async def test_what_was_sent_is_neither_sent_again_nor_reported_as_failed(
    store: QueueStore, clock: Clock
) -> None:
    """A fault between the next server's answer and our record is our own."""
    worker = Taker(store)
    await store.begin_delivering(worker)
    deferred, lost = await store.enqueue([letter(), letter()])
    store.sent(deferred)
    store.sent(lost)

    assert await store.deferred("taker", deferred, "local-fault", clock())
    clock.advance(61)
    assert await store.claim("taker", LEASE, 5) == []

    assert {record.state for record in await store.search(5)} == {State.DELIVERED}
