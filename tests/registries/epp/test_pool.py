"""The pool keeps to the registry's limits and lends only sessions that live."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from registries.epp.frames import ContactCheck
from registries.epp.pool import PoolLimits, SessionPool
from registries.errors import RegistryRefused, RegistryUnavailable, TooManySessions
from tests.registries.epp.peer import GREETING, Connection, response, scripted_registry, transaction_of


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


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
    """A storm of logins gets an account locked."""
    tried = 0

    async def refuses(connection: Connection) -> None:
        nonlocal tried
        tried += 1
        await connection.send(GREETING)
        await connection.answer(2200)

    clock = Clock()
    async with scripted_registry(tmp_path, refuses, refuses) as account:
        pool = SessionPool(account, monotonic=clock)
        for _ in range(3):
            with pytest.raises(RegistryRefused):
                async with pool.borrow():
                    pass
        assert tried == 1
        clock.now += 301
        with pytest.raises(RegistryRefused):
            async with pool.borrow():
                pass
        assert tried == 2
        await pool.close()


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


async def test_a_registry_that_allows_fewer_sessions_lowers_the_cap(tmp_path: Path) -> None:
    async def full(connection: Connection) -> None:
        await connection.send(GREETING)
        await connection.answer(2502)

    async with scripted_registry(tmp_path, _obedient, full) as account:
        pool = SessionPool(account, PoolLimits(max_sessions=2, borrow_s=0.1))
        async with pool.borrow() as first:
            with pytest.raises(TooManySessions):
                async with pool.borrow():
                    pass
            with pytest.raises(RegistryUnavailable, match="busy"):
                async with pool.borrow():
                    pass
        async with pool.borrow() as again:
            assert again is first
        await pool.close()


async def test_the_last_place_is_kept_even_when_the_registry_is_full(tmp_path: Path) -> None:
    async def full(connection: Connection) -> None:
        await connection.send(GREETING)
        await connection.answer(2502)

    async with scripted_registry(tmp_path, full, _obedient) as account:
        pool = SessionPool(account)
        with pytest.raises(TooManySessions):
            async with pool.borrow():
                pass
        async with pool.borrow() as session:
            assert session.usable
        await pool.close()
