"""What was answered is on disk: a registry that is killed goes on where it stopped."""

import asyncio
import signal
import sqlite3
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from registries.sandbox.store import Store
from tests.registries.sandbox.wire import (
    RawClient,
    contact_create,
    login,
    on_contact,
    transfer,
)

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class _Program:
    process: asyncio.subprocess.Process
    port: int
    ca_file: str
    passwords: dict[str, str]

    @asynccontextmanager
    async def session(self, account: str) -> AsyncIterator[RawClient]:
        async with RawClient(self.port, ssl.create_default_context(cafile=self.ca_file)) as client:
            assert (await client.command(login(account, self.passwords[account]))).code == 1000
            yield client

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


async def _run(folder: Path) -> _Program:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "registries.sandbox", str(folder), "--port", "0", "--tld", "test"),
        *("--account", "registrar-a", "--account", "registrar-b"),
        *("--quirk", "pending", "--review-after", "3600"),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    told: list[list[str]] = []
    while not told or told[-1][0] != "show":
        told.append((await process.stdout.readline()).decode().split())
        assert told[-1], "the program ended"
    accounts = [words[1] for words in told if words[0] == "account"]
    passwords = [words[1] for words in told if words[0] == "password"]
    port = int(told[0][1].rpartition(":")[2])
    return _Program(process, port, told[1][1], dict(zip(accounts, passwords, strict=True)))


@pytest.mark.slow
async def test_what_waits_and_is_queued_survives_a_kill(tmp_path: Path) -> None:
    first = await _run(tmp_path)
    async with first.session("registrar-a") as session:
        assert (await session.command(contact_create("owner-1"))).code == 1001
    await first.kill()
    # What was to be decided in an hour is due now.
    with sqlite3.connect(tmp_path / "registry.sqlite") as database:
        database.execute("UPDATE pendings SET decide_at = '2000-01-01T00:00:00+00:00'")
    database.close()
    second = await _run(tmp_path)
    async with second.session("registrar-b") as session:
        shown = "<contact:authInfo><contact:pw>contact-secret</contact:pw></contact:authInfo>"
        read = await session.succeed(on_contact("info", "owner-1", shown))
        assert read.all("//contact:status/@s") == ["ok"]
        asked = await session.command(transfer("request", "contact", "owner-1", secret="contact-secret"))
        assert asked.code == 1001
    await second.kill()
    third = await _run(tmp_path)
    async with third.session("registrar-a") as session:
        for data in ("panData", "trnData"):
            message = await session.command('<poll op="req"/>')
            assert message.names("//epp:resData/*") == [data]
            await session.succeed(f'<poll op="ack" msgID="{message.all("//epp:msgQ/@id")[0]}"/>')
        assert (await session.command('<poll op="req"/>')).code == 1300
        await session.succeed(transfer("reject", "contact", "owner-1"))
    await third.kill()


async def test_a_file_of_an_earlier_version_gets_the_columns_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE hosts (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
            " sponsor TEXT NOT NULL, creator TEXT NOT NULL, created_at TEXT NOT NULL, updater TEXT,"
            " updated_at TEXT);"
            "INSERT INTO hosts (name, sponsor, creator, created_at)"
            " VALUES ('ns.a.b', 'registrar-a', 'registrar-a', '2026-01-01T00:00:00+00:00');"
        )
    database.close()
    async with Store(path) as store:
        record = await store.transact(lambda state: state.hosts.get("ns.a.b"))
    assert record is not None
    assert (record.addresses, record.statuses, record.origin.transferred_at) == ((), frozenset(), None)
