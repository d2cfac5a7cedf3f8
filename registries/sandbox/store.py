"""The registry's state in SQLite: one connection, one thread, each command on disk before it is answered.

Decisions and their reasons live in the handlers; here is only how a transaction runs and is made durable.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from registries.sandbox.action_tables import PendingTable, TransferTable
from registries.sandbox.contact_table import ContactTable
from registries.sandbox.domain_table import DomainTable
from registries.sandbox.host_table import HostTable
from registries.sandbox.registrar_tables import AccountTable, Journal, PollQueue

_ResultT = TypeVar("_ResultT")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, salt BLOB NOT NULL, password_hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL UNIQUE,
    sponsor TEXT NOT NULL REFERENCES accounts, creator TEXT NOT NULL, created_at TEXT NOT NULL,
    updater TEXT, updated_at TEXT, transferred_at TEXT, authorization TEXT NOT NULL,
    statuses TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS domains (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    sponsor TEXT NOT NULL REFERENCES accounts, creator TEXT NOT NULL, created_at TEXT NOT NULL,
    updater TEXT, updated_at TEXT, transferred_at TEXT, authorization TEXT NOT NULL,
    statuses TEXT NOT NULL, expires_at TEXT NOT NULL,
    ds TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE IF NOT EXISTS domain_contacts (
    domain TEXT NOT NULL REFERENCES domains (name) ON DELETE CASCADE, role TEXT NOT NULL,
    handle TEXT NOT NULL REFERENCES contacts (handle), PRIMARY KEY (domain, role, handle)
);
CREATE INDEX IF NOT EXISTS domain_contacts_by_handle ON domain_contacts (handle);
CREATE TABLE IF NOT EXISTS hosts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    sponsor TEXT NOT NULL REFERENCES accounts, creator TEXT NOT NULL, created_at TEXT NOT NULL,
    updater TEXT, updated_at TEXT, transferred_at TEXT,
    addresses TEXT NOT NULL DEFAULT '[]', statuses TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS nameservers (
    domain TEXT NOT NULL REFERENCES domains (name) ON DELETE CASCADE, host TEXT NOT NULL,
    addresses TEXT, PRIMARY KEY (domain, host)
);
CREATE INDEX IF NOT EXISTS nameservers_by_host ON nameservers (host);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL REFERENCES accounts,
    queued_at TEXT NOT NULL, text TEXT NOT NULL, data BLOB
);
CREATE INDEX IF NOT EXISTS messages_by_account ON messages (account, number);
CREATE TABLE IF NOT EXISTS transfers (
    kind TEXT NOT NULL, object_id TEXT NOT NULL, status TEXT NOT NULL,
    requester TEXT NOT NULL REFERENCES accounts, requested_at TEXT NOT NULL,
    sponsor TEXT NOT NULL REFERENCES accounts, acted_at TEXT NOT NULL, months INTEGER NOT NULL,
    PRIMARY KEY (kind, object_id)
);
CREATE INDEX IF NOT EXISTS transfers_open ON transfers (acted_at) WHERE status = 'pending';
CREATE TABLE IF NOT EXISTS pendings (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object_id TEXT NOT NULL,
    action TEXT NOT NULL, account TEXT NOT NULL REFERENCES accounts, client_transaction TEXT,
    server_transaction TEXT NOT NULL, frame BLOB NOT NULL, decide_at TEXT, UNIQUE (kind, object_id)
);
CREATE INDEX IF NOT EXISTS pendings_by_time ON pendings (decide_at);
CREATE TABLE IF NOT EXISTS journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, account TEXT NOT NULL,
    command TEXT NOT NULL, object_id TEXT NOT NULL, client_transaction TEXT,
    server_transaction TEXT NOT NULL UNIQUE, code INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS changes (sequence INTEGER PRIMARY KEY REFERENCES journal);
CREATE TABLE IF NOT EXISTS sightings (
    sequence INTEGER NOT NULL REFERENCES journal, domain TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (sequence, domain)
) WITHOUT ROWID;
"""

# Columns that a file of an earlier version does not have yet.
_LATER_COLUMNS = (
    ("contacts", "transferred_at TEXT"),
    ("domains", "transferred_at TEXT"),
    ("domains", "ds TEXT NOT NULL DEFAULT '[]'"),
    ("hosts", "transferred_at TEXT"),
    ("hosts", "addresses TEXT NOT NULL DEFAULT '[]'"),
    ("hosts", "statuses TEXT NOT NULL DEFAULT ''"),
    ("messages", "data BLOB"),
)


class State:
    """The tables, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.accounts = AccountTable(connection)
        self.contacts = ContactTable(connection)
        self.domains = DomainTable(connection)
        self.hosts = HostTable(connection)
        self.objects = {
            "contact": self.contacts,
            "domain": self.domains,
            "host": self.hosts,
        }
        self.transfers = TransferTable(connection)
        self.pendings = PendingTable(connection)
        self.messages = PollQueue(connection)
        self.journal = Journal(connection)
        self._connection = connection

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Take back what is done inside when it ends with an error; the transaction goes on."""
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO attempt")
            raise
        finally:
            self._connection.execute("RELEASE attempt")

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Take back what is done inside in any case; the transaction goes on."""
        self._connection.execute("SAVEPOINT rehearsal")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK TO rehearsal")
            self._connection.execute("RELEASE rehearsal")


@dataclass(frozen=True, slots=True)
class _Job:
    """A piece of work and who waits for it; `done` has the type of its result."""

    work: Callable[[State], Any]
    done: asyncio.Future[Any]


class Store:
    """A SQLite database that every caller uses in turn; async context manager.

    What is asked for while a transaction is written to disk goes into the next one together, so that many
    sessions share the wait for the disk.

    Raises:
        sqlite3.Error: The file cannot be opened, or is no database of this kind.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-registry")
        self._connection: sqlite3.Connection | None = None
        self._jobs: list[_Job] = []
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            await self._writer
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def transact(self, work: Callable[[State], _ResultT]) -> _ResultT:
        """Run `work` in a transaction; when this returns, its changes are on disk.

        An error of `work` takes its own changes back. A cancelled caller does not: the work is then carried
        out or not, as with a lost connection.
        """
        job = _Job(work, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        result: _ResultT = await job.done
        return result

    async def _write(self) -> None:
        """Carry out what waits, batch by batch, until nothing does."""
        loop = asyncio.get_running_loop()
        try:
            while self._jobs:
                batch, self._jobs = self._jobs, []
                try:
                    outcomes = await loop.run_in_executor(self._thread, self._transact, batch)
                except Exception as error:  # noqa: BLE001 - whoever waits gets it
                    outcomes = [(None, error)] * len(batch)
                for job, (result, failure) in zip(batch, outcomes, strict=True):
                    _deliver(job.done, result, failure)
        finally:
            self._writer = None

    def _open(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            _add_later_columns(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._state = State(connection)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _transact(self, batch: Sequence[_Job]) -> list[tuple[Any, Exception | None]]:
        """Return the result and the error of each job, once the changes of all are on disk."""
        connection = self._connection
        if connection is None:
            raise RuntimeError("the store is not open")
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._attempt(job) for job in batch]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return outcomes

    def _attempt(self, job: _Job) -> tuple[Any, Exception | None]:
        try:
            with self._state.savepoint():
                return job.work(self._state), None
        except Exception as error:  # noqa: BLE001 - the job's own; the others go on
            return None, error


def _deliver(done: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


def _add_later_columns(connection: sqlite3.Connection) -> None:
    for table, column in _LATER_COLUMNS:
        known = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
        if column.partition(" ")[0] not in known:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
