"""Transactions of the store: many callers share one write, and none suffers from another."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from registries.sandbox.store import State, Store

_NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _open_account(state: State) -> None:
    state.accounts.ensure("registrar-a", "password-a")


async def _texts(store: Store) -> list[str]:
    def drain(state: State) -> list[str]:
        found = []
        while (message := state.messages.first("registrar-a")) is not None:
            found.append(message.text)
            state.messages.remove("registrar-a", message.id)
        return found

    return await store.transact(drain)


async def test_jobs_that_wait_together_are_done_in_their_order(tmp_path: Path) -> None:
    async with Store(tmp_path / "registry.sqlite") as store:
        await store.transact(_open_account)

        def telling(number: int) -> asyncio.Future[int]:
            def work(state: State) -> int:
                state.messages.add("registrar-a", str(number), _NOW)
                return number

            return asyncio.ensure_future(store.transact(work))

        assert await asyncio.gather(*map(telling, range(50))) == list(range(50))
        assert await _texts(store) == [str(number) for number in range(50)]


async def test_a_job_that_fails_takes_back_its_own_changes_only(tmp_path: Path) -> None:
    async with Store(tmp_path / "registry.sqlite") as store:
        await store.transact(_open_account)

        def work(number: int, state: State) -> None:
            state.messages.add("registrar-a", str(number), _NOW)
            if number % 2:
                raise KeyError(number)

        jobs = [store.transact(partial(work, number)) for number in range(6)]
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        assert [isinstance(outcome, KeyError) for outcome in outcomes] == [False, True] * 3
        assert await _texts(store) == ["0", "2", "4"]


async def test_when_the_disk_fails_nobody_is_told_that_it_went_well(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    async with Store(path) as store:
        await store.transact(_open_account)
        await store.transact(lambda state: state.messages.add("registrar-a", "before", _NOW))

        def broken(state: State) -> None:
            state.messages.add("registrar-a", "lost", _NOW)
            # Deferred, so that only the end of the transaction finds the missing account.
            state._connection.execute("PRAGMA defer_foreign_keys = ON")
            state.messages.add("nobody", "lost", _NOW)

        good = store.transact(lambda state: state.messages.add("registrar-a", "lost too", _NOW))
        outcomes = await asyncio.gather(good, store.transact(broken), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [sqlite3.IntegrityError] * 2
        assert await _texts(store) == ["before"]


async def test_who_does_not_wait_any_more_harms_nobody(tmp_path: Path) -> None:
    async with Store(tmp_path / "registry.sqlite") as store:
        gone = asyncio.ensure_future(store.transact(_open_account))
        kept = asyncio.ensure_future(store.transact(lambda state: state.accounts.exists("registrar-a")))
        await asyncio.sleep(0)
        gone.cancel()
        assert await kept
        with pytest.raises(asyncio.CancelledError):
            await gone
