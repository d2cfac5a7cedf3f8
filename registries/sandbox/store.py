"""The registry's state in SQLite: one connection, one thread, one transaction per command.

Decisions and their reasons live in the handlers; here is only how a transaction runs and is made durable.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from registries.sandbox.contact_table import ContactTable
from registries.sandbox.domain_table import DomainTable, HostTable
from registries.sandbox.registrar_tables import AccountTable, Journal, PollQueue

_ResultT = TypeVar("_ResultT")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, salt BLOB NOT NULL, password_hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL UNIQUE,
    sponsor TEXT NOT NULL REFERENCES accounts, creator TEXT NOT NULL, created_at TEXT NOT NULL,
    updater TEXT, updated_at TEXT, authorization TEXT NOT NULL, statuses TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS domains (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    sponsor TEXT NOT NULL REFERENCES accounts, creator TEXT NOT NULL, created_at TEXT NOT NULL,
    updater TEXT, updated_at TEXT, authorization TEXT NOT NULL, statuses TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS domain_contacts (
    domain TEXT NOT NULL REFERENCES domains (name) ON DELETE CASCADE, role TEXT NOT NULL,
    handle TEXT NOT NULL REFERENCES contacts (handle), PRIMARY KEY (domain, role, handle)
);
CREATE INDEX IF NOT EXISTS domain_contacts_by_handle ON domain_contacts (handle);
CREATE TABLE IF NOT EXISTS hosts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    sponsor TEXT NOT NULL REFERENCES accounts, creator TEXT NOT NULL, created_at TEXT NOT NULL,
    updater TEXT, updated_at TEXT
);
CREATE TABLE IF NOT EXISTS nameservers (
    domain TEXT NOT NULL REFERENCES domains (name) ON DELETE CASCADE, host TEXT NOT NULL,
    addresses TEXT, PRIMARY KEY (domain, host)
);
CREATE INDEX IF NOT EXISTS nameservers_by_host ON nameservers (host);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL REFERENCES accounts,
    queued_at TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_account ON messages (account, number);
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


class State:
    """The tables, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.accounts = AccountTable(connection)
        self.contacts = ContactTable(connection)
        self.domains = DomainTable(connection)
        self.hosts = HostTable(connection)
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


class Store:
    """A SQLite database that every caller uses in turn; async context manager.

    Raises:
        sqlite3.Error: The file cannot be opened, or is no database of this kind.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-registry")
        self._connection: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def transact(self, work: Callable[[State], _ResultT]) -> _ResultT:
        """Run `work` in a transaction; when this returns, its changes are on disk.

        An error of `work` takes its changes back. A cancelled caller does not: the work is then carried
        out or not, as with a lost connection.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _open(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _transact(self, work: Callable[[State], _ResultT]) -> _ResultT:
        connection = self._connection
        if connection is None:
            raise RuntimeError("the store is not open")
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(State(connection))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result
