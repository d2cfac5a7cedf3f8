"""Promises of the Idempotency-Key that need two requests at the same time."""

import asyncio

import pytest

from tests.whoisproxy.api.service import now
from whoisproxy.api.idempotency import Idempotency, fingerprint
from whoisproxy.api.problems import Problem
from whoisproxy.api.sent import Sent
from whoisproxy.domain.errors import IdempotencyConflict
from whoisproxy.services.accounts import Accounts
from whoisproxy.storage.unit_of_work import Storage

MARK = fingerprint("PUT", "/", b"{}")
DONE = Sent(200, {"ETag": '"a"'}, b"{}", final=True)


async def _answer() -> Sent:
    return DONE


@pytest.fixture
async def registrar_id(sqlite_storage: Storage) -> str:
    return (await Accounts(sqlite_storage, now).add_registrar("Example", "https://registrar.example")).id


async def test_while_the_first_request_runs_the_second_is_told_to_come_again(
    sqlite_storage: Storage, registrar_id: str
) -> None:
    once = Idempotency(sqlite_storage, now).once
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> Sent:
        begun.set()
        await go_on.wait()
        return DONE

    first = asyncio.create_task(once(registrar_id, "k", MARK, slow))
    await begun.wait()
    with pytest.raises(Problem, match="IDEMPOTENCY_IN_PROGRESS"):
        await once(registrar_id, "k", MARK, _answer)
    go_on.set()
    assert await first == (DONE, False)
    assert await once(registrar_id, "k", MARK, _answer) == (DONE, True)


async def test_a_request_that_failed_may_be_sent_again(sqlite_storage: Storage, registrar_id: str) -> None:
    once = Idempotency(sqlite_storage, now).once

    async def failing() -> Sent:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - the very error of the request, with no text
        await once(registrar_id, "k", MARK, failing)
    assert await once(registrar_id, "k", MARK, _answer) == (DONE, False)


async def test_two_processes_that_carried_out_the_same_keep_one_answer(
    sqlite_storage: Storage, registrar_id: str
) -> None:
    one, other = Idempotency(sqlite_storage, now), Idempotency(sqlite_storage, now)

    async def meanwhile() -> Sent:
        await other.once(registrar_id, "k", MARK, _answer)
        return Sent(201, {}, b"", final=True)

    await one.once(registrar_id, "k", MARK, meanwhile)
    assert await one.once(registrar_id, "k", MARK, _answer) == (DONE, True)
    with pytest.raises(IdempotencyConflict):
        await one.once(registrar_id, "k", fingerprint("DELETE"), _answer)
