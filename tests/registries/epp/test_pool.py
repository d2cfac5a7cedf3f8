"""The pool keeps to the registry's limits and lends only sessions that live."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from registries.epp.frames import ContactCheck
from registries.epp.leases import Demand, Lease, LocalLeases, Renewal
from registries.epp.pool import PoolLimits, SessionPool
from registries.epp.session import Session
from registries.errors import AccountStopped, RegistryUnavailable, TooManySessions
from tests.registries.epp.peer import GREETING, Connection, response, scripted_registry, transaction_of


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Wall:
    now: datetime = datetime(2026, 11, 25, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def _use(pool: SessionPool) -> Session:
    async with pool.borrow() as session:
        return session


def _metric(name: str, account: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"account": account})


async def _obedient(connection: Connection) -> None:
    """Answer whatever comes, hello included."""
    await connection.accept_login()
    while True:
        frame = await connection.receive()
        if b"<hello" in frame:
            await connection.send(GREETING)
            continue
        await connection.send(response(1500 if b"<logout" in frame else 1000, b"", transaction_of(frame)))


async def _ends_after_login(connection: Connection) -> None:
    await connection.accept_login()


async def test_a_session_that_comes_back_is_lent_again(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient) as account:
        pool = SessionPool(account)
        async with pool.borrow() as first:
            pass
        async with pool.borrow() as second:
            assert second is first
        await pool.close()


async def test_no_more_sessions_are_open_than_the_registry_allows(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient, _obedient) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2, borrow_s=0.1))
        async with pool.borrow() as first, pool.borrow() as second:
            assert first is not second
            with pytest.raises(RegistryUnavailable, match="busy"):
                async with pool.borrow():
                    pass
        await pool.close()


async def test_the_last_session_used_is_the_first_one_lent(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient, _obedient) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2))
        async with pool.borrow() as first, pool.borrow():
            pass
        async with pool.borrow() as again:
            assert again is first
        await pool.close()


async def test_a_session_that_died_is_replaced(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient, _obedient) as account:
        pool = SessionPool(account)
        async with pool.borrow() as first:
            first.abort()
        async with pool.borrow() as second:
            assert second is not first
            await second.send(ContactCheck(("WP-1",)))
        await pool.close()


async def test_a_session_that_was_idle_for_long_must_say_hello_first(tmp_path: Path) -> None:
    clock = Clock()
    async with scripted_registry(tmp_path, _ends_after_login, _obedient) as account:
        pool = SessionPool(account, monotonic=clock)
        async with pool.borrow() as first:
            pass
        clock.now += 31
        async with pool.borrow() as second:
            assert second is not first
        clock.now += 31
        async with pool.borrow() as third:
            assert third is second
        await pool.close()


@pytest.mark.parametrize("limits", [PoolLimits(max_age_s=10), PoolLimits(max_commands=1)])
async def test_a_worn_session_is_replaced(tmp_path: Path, limits: PoolLimits) -> None:
    clock = Clock()
    async with scripted_registry(tmp_path, _obedient, _obedient) as account:
        pool = SessionPool(account, limits, monotonic=clock)
        async with pool.borrow() as first:
            pass
        clock.now += 11
        async with pool.borrow() as second:
            assert second is not first
        await pool.close()


async def test_keepalive_drops_what_does_not_answer_and_keeps_what_does(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient, _ends_after_login, _obedient) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=3))
        async with pool.borrow() as living, pool.borrow() as ended:
            pass
        await pool.keep_alive()
        assert living.usable
        assert not ended.usable
        async with pool.borrow() as lent:
            assert lent is living
        await pool.close()


async def test_wrong_credentials_are_not_tried_again_and_again(tmp_path: Path) -> None:
    """A storm of logins gets an account locked; a long time later one more is tried."""
    tried = 0

    async def refuses(connection: Connection) -> None:
        nonlocal tried
        tried += 1
        await connection.send(GREETING)
        await connection.answer(2200)

    wall = Wall()
    async with scripted_registry(tmp_path, refuses, refuses) as account:
        pool = SessionPool(account, leases=LocalLeases(wall))
        with capture_logs() as logs:
            for _ in range(3):
                with pytest.raises(AccountStopped):
                    await _use(pool)
        assert tried == 1
        wall.now += timedelta(hours=7)
        with pytest.raises(AccountStopped):
            await _use(pool)
        assert tried == 2
        await pool.close()
    [alarm] = [line for line in logs if line["log_level"] == "error"]
    assert alarm == {
        "event": "epp-account-stopped",
        "log_level": "error",
        "account": account.name,
        "code": 2200,
    }
    assert _metric("registries_epp_account_stopped", account.name) == 1


async def test_many_tasks_try_unknown_credentials_with_one_login(tmp_path: Path) -> None:
    tried = 0

    async def refuses(connection: Connection) -> None:
        nonlocal tried
        tried += 1
        await connection.send(GREETING)
        await connection.answer(2501)

    async with scripted_registry(tmp_path, *[refuses] * 8) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=8, poll_s=0.01))
        ends = await asyncio.gather(*(_use(pool) for _ in range(8)), return_exceptions=True)
        await pool.close()
    assert [type(end) for end in ends] == [AccountStopped] * 8
    assert tried == 1


async def test_a_first_login_that_fails_for_another_reason_does_not_hold_up_the_next(tmp_path: Path) -> None:
    async def fails(connection: Connection) -> None:
        await connection.send(GREETING)
        await connection.answer(2400)

    async with scripted_registry(tmp_path, fails, _obedient) as account:
        pool = SessionPool(account)
        with pytest.raises(RegistryUnavailable):
            await _use(pool)
        await _use(pool)
        await pool.close()
    assert _metric("registries_epp_account_stopped", account.name) == 0


async def test_an_error_inside_the_loan_gives_the_session_back(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient) as account:
        pool = SessionPool(account)
        with pytest.raises(ZeroDivisionError):
            async with pool.borrow() as first:
                raise ZeroDivisionError
        async with pool.borrow() as second:
            assert second is first
        await pool.close()


async def test_a_closed_pool_lends_nothing_and_closes_what_comes_back(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient) as account:
        pool = SessionPool(account)
        async with pool.borrow() as session:
            await pool.close()
        assert not session.usable
        with pytest.raises(RegistryUnavailable):
            async with pool.borrow():
                pass


async def test_a_cancelled_borrower_leaves_room_for_others(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def silent(connection: Connection) -> None:
        reached.set()
        await connection.until_closed()

    async with scripted_registry(tmp_path, silent, _obedient) as account:
        pool = SessionPool(account)

        async def borrow() -> None:
            async with pool.borrow():
                pass

        waiting = asyncio.create_task(borrow())
        await reached.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await borrow()
        await pool.close()


async def _full(connection: Connection) -> None:
    await connection.send(GREETING)
    await connection.answer(2502)


async def test_a_registry_that_allows_fewer_sessions_lowers_the_cap_for_a_while(tmp_path: Path) -> None:
    wall = Wall()
    async with scripted_registry(tmp_path, _obedient, _full, _obedient) as account:
        limits = PoolLimits(max_sessions=2, borrow_s=0.1, poll_s=0.01)
        pool = SessionPool(account, limits, leases=LocalLeases(wall))
        async with pool.borrow() as first:
            with pytest.raises(TooManySessions):
                await _use(pool)
            with pytest.raises(RegistryUnavailable, match="busy"):
                await _use(pool)
            wall.now += timedelta(seconds=6)
            async with pool.borrow() as second:
                assert second is not first
        await pool.close()


async def test_who_waits_for_a_session_gets_one_that_comes_back(tmp_path: Path) -> None:
    """Also where the cap is lowered, so that there is no lease to be had."""
    wall = Wall()
    async with scripted_registry(tmp_path, _obedient, _full) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2), leases=LocalLeases(wall))
        async with pool.borrow() as first:
            with pytest.raises(TooManySessions):
                await _use(pool)
            waiting = asyncio.create_task(_use(pool))
            await asyncio.sleep(0)
        assert await waiting is first
        await pool.close()


@dataclass
class _Desk:
    """Leases by hand: what the pool is told is up to the test."""

    clock: Clock
    renew_s: float = 3600.0
    renewed: bool = True
    lost: bool = False
    demand: Demand = Demand.NONE
    given: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)

    async def acquire(self, cap: int) -> Lease | None:
        if len(self.given) - len(self.returned) == cap:
            return None
        self.given.append(f"lease-{len(self.given)}")
        return Lease(self.given[-1], self.clock.now + 15, probe=False)

    async def renew(self, held: Collection[str]) -> Renewal:
        if not self.renewed:
            raise RegistryUnavailable("no database")
        still = frozenset() if self.lost else frozenset(held)
        return Renewal(still, self.clock.now + 15, self.demand)

    async def release(self, lease_id: str) -> None:
        self.returned.append(lease_id)

    async def report(self, code: int) -> None:
        raise AssertionError(code)


async def test_a_session_whose_lease_cannot_be_renewed_is_closed_in_time(tmp_path: Path) -> None:
    """Idle or lent: another process may have the lease afterwards."""
    clock = Clock()
    desk = _Desk(clock)
    async with scripted_registry(tmp_path, _obedient, _obedient) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2), leases=desk, monotonic=clock)
        async with pool.borrow() as lent:
            async with pool.borrow() as idle:
                pass
            clock.now += 10
            await pool.renew_leases()
            desk.renewed = False
            clock.now += 14
            await pool.renew_leases()
            assert (lent.usable, idle.usable) == (True, True)
            clock.now += 1
            await pool.renew_leases()
            assert (lent.usable, idle.usable) == (False, False)
            assert desk.returned == ["lease-1"]
        assert desk.returned == ["lease-1", "lease-0"]
        await pool.close()


async def test_a_session_whose_lease_another_has_is_closed_at_once(tmp_path: Path) -> None:
    clock = Clock()
    desk = _Desk(clock, lost=True)
    async with scripted_registry(tmp_path, _obedient) as account:
        pool = SessionPool(account, leases=desk, monotonic=clock)
        async with pool.borrow() as session:
            await pool.renew_leases()
            assert not session.usable
        await pool.close()


async def test_a_login_is_given_up_when_its_lease_ends(tmp_path: Path) -> None:
    clock = Clock()
    desk = _Desk(clock, renewed=False)
    reached = asyncio.Event()

    async def silent(connection: Connection) -> None:
        reached.set()
        await connection.until_closed()

    async with scripted_registry(tmp_path, silent) as account:
        pool = SessionPool(account, leases=desk, monotonic=clock)
        waiting = asyncio.create_task(_use(pool))
        await reached.wait()
        clock.now += 16
        await pool.renew_leases()
        with pytest.raises(RegistryUnavailable, match="lease"):
            await waiting
        await pool.close()
    assert desk.returned == desk.given


async def test_idle_sessions_are_given_up_when_another_process_waits(tmp_path: Path) -> None:
    clock = Clock()
    desk = _Desk(clock)
    async with scripted_registry(tmp_path, _obedient, _obedient) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2), leases=desk, monotonic=clock)
        async with pool.borrow() as lent:
            async with pool.borrow() as idle:
                pass
            desk.demand = Demand.MORE
            await pool.renew_leases()
            assert (lent.usable, idle.usable) == (True, False)
        assert lent.usable
        await pool.close()


async def test_a_busy_process_gives_a_session_up_to_one_that_has_none(tmp_path: Path) -> None:
    clock = Clock()
    desk = _Desk(clock, demand=Demand.FIRST)
    async with scripted_registry(tmp_path, _obedient, _obedient) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2), leases=desk, monotonic=clock)
        async with pool.borrow() as later:
            async with pool.borrow() as sooner:
                await pool.renew_leases()
            assert not sooner.usable
        assert later.usable
        await pool.close()


async def test_a_session_limit_told_to_a_command_lowers_the_cap_too(tmp_path: Path) -> None:
    async def full_later(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(2502)

    async with scripted_registry(tmp_path, full_later) as account:
        pool = SessionPool(account, PoolLimits(borrow_s=0.1, poll_s=0.01), leases=LocalLeases(Wall()))
        with pytest.raises(TooManySessions):
            async with pool.borrow() as session:
                await session.send(ContactCheck(("WP-1",)))
        with pytest.raises(RegistryUnavailable, match="busy"):
            await _use(pool)
        await pool.close()


async def test_who_gives_up_while_an_idle_session_is_asked_leaves_its_place_to_others(tmp_path: Path) -> None:
    """The session is dead then, for its answer may still come."""
    clock = Clock()
    desk = _Desk(clock)
    asked = asyncio.Event()

    async def silent_later(connection: Connection) -> None:
        await connection.accept_login()
        await connection.receive()
        asked.set()
        await connection.until_closed()

    async with scripted_registry(tmp_path, silent_later, _obedient) as account:
        pool = SessionPool(account, leases=desk, monotonic=clock)
        await _use(pool)
        clock.now += 31
        waiting = asyncio.create_task(_use(pool))
        await asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert desk.returned == desk.given
        await _use(pool)
        await pool.close()


async def test_a_pool_that_is_closed_while_it_asks_keeps_nothing(tmp_path: Path) -> None:
    clock = Clock()
    desk = _Desk(clock)
    asked, closed = asyncio.Event(), asyncio.Event()

    async def slow(connection: Connection) -> None:
        await connection.accept_login()
        await connection.receive()
        asked.set()
        await closed.wait()
        await connection.send(GREETING)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, slow) as account:
        pool = SessionPool(account, leases=desk, monotonic=clock)
        await _use(pool)
        keeping = asyncio.create_task(pool.keep_alive())
        await asked.wait()
        await pool.close()
        closed.set()
        await keeping
    assert desk.returned == desk.given


async def test_every_lease_is_given_back_after_its_session_was_closed(tmp_path: Path) -> None:
    clock = Clock()
    desk = _Desk(clock)
    async with scripted_registry(tmp_path, _obedient, _full) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2), leases=desk, monotonic=clock)
        async with pool.borrow():
            with pytest.raises(AssertionError, match="2502"):
                await _use(pool)
        await pool.close()
    assert sorted(desk.returned) == sorted(desk.given)


async def test_a_command_whose_turn_comes_too_late_is_not_sent(tmp_path: Path) -> None:
    """The session lives on."""
    clock = Clock()
    async with scripted_registry(tmp_path, _obedient) as account:
        pool = SessionPool(account, PoolLimits(requests_per_minute=2), monotonic=clock)
        async with pool.borrow() as session:  # the login has the first turn
            with pytest.raises(RegistryUnavailable, match="minute"):
                await session.send(ContactCheck(("WP-1",)))
            assert session.usable
            clock.now += 60
            await session.send(ContactCheck(("WP-1",)))
            clock.now += 60
        await pool.close()
