"""A queue file: the mail tables in an SQLite database of their own, written by one thread.

The file belongs to one process of several, so that they never wait for each other's commits; another may
still change single messages in it. WAL with `synchronous=FULL`: a commit is on disk when it returns, and
one commit serves all operations that gathered since the one before it began. The event loop never waits for
the disk.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from mailrelay.gathering import Gathering
from mailrelay.queue.operations import (
    PAUSE_S,
    AnswerT,
    Change,
    Insert,
    Operation,
    QueueUnavailable,
    Then,
    Work,
    key_of,
)
from mailrelay.queue.rows import COLUMNS
from mailrelay.queue.tables import messages, metadata

_VERSION = 2
_BUSY_MS = 15_000
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    f"busy_timeout = {_BUSY_MS}",
    # Changing an indexed row keeps notes on how to undo it: in memory, not in a file for each statement.
    "temp_store = MEMORY",
    # Pages of bodies that came and went are written to the database once, not each time.
    "wal_autocheckpoint = 4000",
    "cache_size = -16000",
)

_ADD = f"INSERT INTO mail_messages ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - names of our own columns
_ADD_BODY = "INSERT INTO mail_bodies (id, body) VALUES (?, ?)"
_CHANGE = (
    "UPDATE mail_messages SET state = ?, last_error = ?, updated_at = ?, next_attempt_at = ?, leased_by = '',"
    " trail = trail || ? WHERE id = ? AND state = 'delivering' AND leased_by = ? RETURNING direction"
)
_DROP_BODY = "DELETE FROM mail_bodies WHERE id = ?"


class NewerFile(Exception):
    """A queue file was made by a newer version of this program; run that one."""


class QueueFile:
    """Implements `QueueDatabase` on one file, which is made where there is none (0600)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = _Visitor(path)
        self._reader = _Visitor(path)
        self._gathering: Gathering[None, Operation, Any] = Gathering(
            nullcontext, self._perform, key_of, (QueueUnavailable,), PAUSE_S
        )

    async def ask(self, operation: Operation, then: Then | None = None) -> Any:
        """Carry out an operation; see `QueueDatabase`."""
        return await self._gathering.ask(operation, then)

    async def read(self, query: Callable[[Connection], AnswerT]) -> AnswerT:
        """Return the answer of a query."""
        return await self._reader.run(partial(_query, query))

    async def announce(self) -> None:
        """Do nothing: the owner of the file looks into it each second."""

    async def close(self) -> None:
        """Finish what was asked and close."""
        await self._gathering.idle()
        await self._reader.close()
        await self._writer.close()

    async def _perform(self, _: None, operations: Sequence[Operation]) -> Sequence[Any]:
        return await self._writer.run(partial(_transact, operations))


class _Visitor:
    """A thread with a connection, both made when first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail-queue")
        self._connection: Connection | None = None

    async def run(self, job: Callable[[Connection], AnswerT]) -> AnswerT:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, job)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _run(self, job: Callable[[Connection], AnswerT]) -> AnswerT:
        try:
            if self._connection is None:
                self._connection = _open(self._path)
            return job(self._connection)
        except sqlite3.OperationalError as error:
            raise _meaning(error) from error
        except OperationalError as error:
            raise _meaning(error.orig) from error
        except OSError as error:
            raise QueueUnavailable.away() from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection.engine.dispose()
            self._connection = None


def _open(path: Path) -> Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
        connection = engine.connect()
        _make_tables(raw, connection, path)
    except BaseException:
        raw.close()
        raise
    return connection


def _make_tables(raw: sqlite3.Connection, connection: Connection, path: Path) -> None:
    [version] = raw.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise NewerFile(f"{path}: made by a newer version of this program")
    if version == _VERSION:
        return
    raw.execute("BEGIN IMMEDIATE")
    # The first version had another index of that name.
    raw.execute("DROP INDEX IF EXISTS mail_messages_of_relay")
    metadata.create_all(connection)
    for index in messages.indexes:
        index.create(connection, checkfirst=True)
    raw.execute(f"PRAGMA user_version = {_VERSION}")
    connection.commit()


def _query(query: Callable[[Connection], AnswerT], connection: Connection) -> AnswerT:
    try:
        return query(connection)
    finally:
        connection.rollback()


def _transact(operations: Sequence[Operation], connection: Connection) -> Sequence[Any]:
    """Carry out operations in one transaction; an error undoes all of them."""
    raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    raw.execute("BEGIN IMMEDIATE")
    try:
        _add(raw, [operation for operation in operations if isinstance(operation, Insert)])
        answers = [_answer(raw, connection, operation) for operation in operations]
        gone = [
            (operation.id,)
            for operation, answer in zip(operations, answers, strict=True)
            if isinstance(operation, Change) and operation.done and answer is not None
        ]
        raw.executemany(_DROP_BODY, gone)
        raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    finally:
        connection.rollback()
    return answers


def _add(raw: sqlite3.Connection, inserts: Sequence[Insert]) -> None:
    rows = [row for insert in inserts for row in insert.rows]
    raw.executemany(_ADD, [row.values for row in rows])
    raw.executemany(_ADD_BODY, [(row.id, row.body) for row in rows if row.body is not None])


def _answer(raw: sqlite3.Connection, connection: Connection, operation: Operation) -> Any:
    if isinstance(operation, Change):
        values = (
            operation.state, operation.error, operation.at, operation.next_attempt_at, operation.event,
            operation.id, operation.worker_id,
        )  # fmt: skip
        changed = raw.execute(_CHANGE, values).fetchall()
        return changed[0][0] if changed else None
    if isinstance(operation, Work):
        return operation.run(connection)
    return None


def _meaning(error: BaseException | None) -> QueueUnavailable:
    full = isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return QueueUnavailable.disk_full() if full else QueueUnavailable.away()
