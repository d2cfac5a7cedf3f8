"""The sessions of a registry account are counted once for all processes.

What the engines do in their own ways (locks, the clock) is tested on both.
"""

import asyncio

import pytest
from sqlalchemy import select

from registries.epp.leases import Demand, Lease
from registries.epp.standing import ACCEPTED, Standing
from registries.errors import AccountStopped, RegistryUnavailable
from whoisproxy.storage.session_leases import StoredLeases, resume
from whoisproxy.storage.tables import registry_accounts, registry_sessions
from whoisproxy.storage.unit_of_work import Storage

ACCOUNT, PASSWORD = "registry", "registrar-1\0foo-BAR2"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def process(storage: Storage, *, lease_s: float = 600.0, account: str = ACCOUNT) -> StoredLeases:
    """The leases of a process whose credentials are accepted."""
    leases = StoredLeases(storage, account, PASSWORD, lease_s=lease_s)
    await leases.report(ACCEPTED)
    return leases


async def take(leases: StoredLeases, cap: int = 2) -> Lease:
    lease = await leases.acquire(cap)
    assert lease is not None
    return lease


async def test_no_more_leases_are_given_than_the_cap(storage: Storage) -> None:
    one, two = await process(storage), await process(storage)
    await take(one)
    second = await take(two)
    assert await one.acquire(2) is None
    await two.release(second.id)
    await take(one)
    assert await two.acquire(2) is None


async def test_processes_that_ask_at_once_do_not_get_more(storage: Storage) -> None:
    everybody = [await process(storage) for _ in range(8)]
    given = await asyncio.gather(*(leases.acquire(3) for leases in everybody))
    assert sum(lease is not None for lease in given) == 3


async def test_accounts_are_counted_apart(sqlite_storage: Storage) -> None:
    one, other = await process(sqlite_storage), await process(sqlite_storage, account="another")
    await take(one, 1)
    await take(other, 1)


async def test_the_leases_of_a_dead_process_end(storage: Storage) -> None:
    dead, living = await process(storage, lease_s=0), await process(storage)
    lease = await take(dead, 1)
    await take(living, 1)
    assert (await dead.renew([lease.id])).held == frozenset()


async def test_a_renewed_lease_goes_on(sqlite_storage: Storage) -> None:
    holder = await process(sqlite_storage)
    lease = await take(holder, 1)
    async with sqlite_storage.reading() as uow:
        [before] = (await uow.connection.execute(select(registry_sessions.c.expires_at))).scalars()
    assert (await holder.renew([lease.id, "unknown"])).held == {lease.id}
    async with sqlite_storage.reading() as uow:
        [after] = (await uow.connection.execute(select(registry_sessions.c.expires_at))).scalars()
    assert after > before


async def test_a_holder_is_done_well_before_another_may_begin(sqlite_storage: Storage) -> None:
    """Its clock starts before it asks, and it counts half of the time."""
    clock = Clock()
    holder = StoredLeases(sqlite_storage, ACCOUNT, PASSWORD, lease_s=30, monotonic=clock)
    lease = await take(holder, 1)
    assert lease.use_until == 15
    clock.now = 10
    renewal = await holder.renew([lease.id])
    assert renewal.use_until == 25
    # It looks at its clock so often; the rest is for closing the connection.
    assert renewal.use_until + 2 * holder.renew_s < clock.now + 30


async def test_who_waits_is_seen_by_the_others_and_not_by_itself(storage: Storage) -> None:
    one, two, three = [await process(storage) for _ in range(3)]
    held = await take(one)
    assert (await one.renew([held.id])).demand is Demand.NONE
    await take(two)
    assert await two.acquire(2) is None
    assert (await one.renew([held.id])).demand is Demand.MORE
    assert (await two.renew([])).demand is Demand.NONE
    assert await three.acquire(2) is None
    assert (await one.renew([held.id])).demand is Demand.FIRST
    await take(two, 3)
    await take(three, 4)
    assert (await one.renew([held.id])).demand is Demand.NONE


async def test_a_free_place_is_for_who_has_waited_longest(storage: Storage) -> None:
    """A busy process that gives a session up does not take the place again before the one that waits."""
    busy, first, second = [await process(storage) for _ in range(3)]
    held = await take(busy, 1)
    assert await first.acquire(1) is None
    assert await second.acquire(1) is None
    assert await first.acquire(1) is None
    await busy.release(held.id)
    assert await busy.acquire(1) is None
    assert await second.acquire(1) is None
    held = await take(first, 1)
    await first.release(held.id)
    assert await first.acquire(1) is None
    await take(second, 1)


async def test_who_stops_waiting_loses_the_place(storage: Storage) -> None:
    one, gone, two = [await process(storage, lease_s=lease_s) for lease_s in (600, 0, 600)]
    held = await take(one, 1)
    assert await gone.acquire(1) is None
    await one.release(held.id)
    await take(two, 1)


async def test_unknown_credentials_are_tried_by_one_process(sqlite_storage: Storage) -> None:
    one, two = (StoredLeases(sqlite_storage, ACCOUNT, PASSWORD) for _ in range(2))
    lease = await take(one)
    assert lease.probe
    assert await two.acquire(2) is None
    await one.report(ACCEPTED)
    assert not (await take(two)).probe


async def test_a_refusal_stops_every_process_until_the_operator_lifts_it(storage: Storage) -> None:
    one, two = await process(storage), await process(storage)
    await one.report(2200)
    for leases in (one, two, StoredLeases(storage, ACCOUNT, PASSWORD)):
        with pytest.raises(AccountStopped):
            await leases.acquire(2)
    assert (await _standing(storage)).stopped
    assert await resume(storage, ACCOUNT)
    assert (await take(two)).probe
    await two.report(ACCEPTED)
    assert not await resume(storage, ACCOUNT)
    await take(one)


async def test_a_refusal_does_not_stop_who_has_another_password(sqlite_storage: Storage) -> None:
    await (await process(sqlite_storage)).report(2501)
    changed = StoredLeases(sqlite_storage, ACCOUNT, "registrar-1\0new-PASS3")
    assert (await take(changed)).probe


async def test_a_full_registry_lowers_the_cap_for_every_process(storage: Storage) -> None:
    one, two = await process(storage), await process(storage)
    await take(one, 4)
    refused = await take(one, 4)
    await one.report(2502)
    await one.release(refused.id)
    assert await two.acquire(4) is None
    standing = await _standing(storage)
    assert (standing.lowered_to, standing.pause_s) == (1, 5.0)


async def test_no_password_is_kept(sqlite_storage: Storage) -> None:
    leases = await process(sqlite_storage)
    await leases.report(2200)
    async with sqlite_storage.reading() as uow:
        [row] = (await uow.connection.execute(select(registry_accounts))).all()
    assert len(row.refused) == 32
    assert b"foo-BAR2" not in row.refused


async def test_an_account_that_nobody_has_used_is_not_stopped(sqlite_storage: Storage) -> None:
    assert not (await _standing(sqlite_storage)).stopped
    assert not await resume(sqlite_storage, ACCOUNT)


async def test_a_database_that_is_away_is_no_reason_to_give_an_operation_up(sqlite_storage: Storage) -> None:
    leases = await process(sqlite_storage)
    async with sqlite_storage.unit_of_work() as uow:
        await uow.connection.run_sync(registry_sessions.drop)
    with pytest.raises(RegistryUnavailable, match="leases") as error:
        await leases.acquire(1)
    assert error.value.retry
    assert "registry_sessions" not in str(error.value)


async def _standing(storage: Storage) -> Standing:
    async with storage.reading() as uow:
        return await uow.registry_sessions.standing(ACCOUNT)
