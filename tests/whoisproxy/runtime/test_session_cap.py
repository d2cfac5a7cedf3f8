"""The cap on a registry's sessions holds over processes, those that die without a word included."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registries.epp.pool import SessionPool
from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Limits, Tld
from tests.registries.epp.peer import Connection, scripted_registry
from whoisproxy.storage.session_leases import StoredLeases
from whoisproxy.storage.unit_of_work import Storage

PROJECT = Path(__file__).parents[3]
PROGRAM = PROJECT / "tests/whoisproxy/runtime/borrowing_process.py"
SESSIONS = 3
LEASE_S = 6.0


@asynccontextmanager
async def _worker(arguments: dict[str, object]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), json.dumps(arguments), stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _has(process: asyncio.subprocess.Process, sessions: int) -> None:
    """Wait until a worker has had so many sessions at a time."""
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while int(await process.stdout.readline()) < sessions:
            pass


@pytest.mark.slow
async def test_killed_workers_leave_their_sessions_to_others_and_nobody_takes_too_many(
    database_url: str, tmp_path: Path
) -> None:
    """The registry would answer one session too many with 2502, and its journal would tell."""
    authority = CertificateAuthority(tmp_path)
    registry = SandboxRegistry(
        tlds=[Tld("example")],
        accounts={"registrar-1": "foo-BAR2"},
        tls=authority.server_context(authority.issue("registry")),
        limits=Limits(max_sessions=SESSIONS),
    )
    async with registry:
        registry.delay_s = 0.02
        arguments: dict[str, object] = {
            "url": database_url,
            "keys": str(tmp_path / "keys"),
            "ca_file": str(authority.ca_file),
            "port": registry.port,
            "sessions": SESSIONS,
            "lease_s": LEASE_S,
        }
        async with _worker(arguments) as first:
            await _has(first, SESSIONS)
            async with _worker(arguments) as second:
                await _has(second, 1)
                first.send_signal(signal.SIGKILL)
                await _has(second, SESSIONS)
                async with _worker(arguments) as third:
                    await _has(third, 1)
                    second.send_signal(signal.SIGKILL)
                    await _has(third, SESSIONS)
        logins = [entry.code for entry in await registry.journal() if entry.command == "login"]
    assert len(logins) >= 2 * SESSIONS + 1
    assert set(logins) == {1000}


@pytest.mark.slow
async def test_a_process_that_cannot_renew_closes_its_session_before_another_may_open_one(
    sqlite_url: str, sqlite_storage: Storage, tmp_path: Path
) -> None:
    """Somebody keeps the database locked; that even asking it blocks does not matter."""
    closed = asyncio.Event()

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.until_closed()
        closed.set()

    database = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    async with scripted_registry(tmp_path, registry) as account:
        leases = StoredLeases(sqlite_storage, account.name, "foo-BAR2", lease_s=10)
        pool = SessionPool(account, leases=leases)
        async with pool.borrow():
            database.execute("BEGIN IMMEDIATE")
            async with asyncio.timeout(60):
                await closed.wait()
            [expires_at] = database.execute("SELECT expires_at FROM registry_sessions").fetchone()
            assert datetime.fromisoformat(expires_at).replace(tzinfo=UTC) > datetime.now(UTC)
            database.execute("ROLLBACK")
        await pool.close()
        assert await leases.acquire(1) is not None
    database.close()
