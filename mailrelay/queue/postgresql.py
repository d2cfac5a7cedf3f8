"""The mail tables on PostgreSQL, shared by all processes of all machines.

New mail and outcomes that gathered go out as one statement with arrays for its parameters, which is one
transaction and one visit to the server. It has a connection of its own, made anew when it breaks. Whoever
queues something that nobody has taken yet says so (NOTIFY), and workers listen.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import InterfaceError as SqlInterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.gathering import Gathering
from mailrelay.queue.operations import (
    PAUSE_S,
    AnswerT,
    Change,
    Insert,
    Operation,
    QueueDatabase,
    QueueUnavailable,
    Then,
    Work,
    key_of,
)
from mailrelay.queue.rows import COLUMNS

_log = structlog.get_logger()

_CHANNEL = "mail_queue"
_ANNOUNCE = f"NOTIFY {_CHANNEL}"
_RECONNECT_S = 2.0
# SQLSTATE 53100; classes 08 (connection), 57P (the server stops or starts), 53 (no more room for us).
_DISK_FULL = "53100"
_AWAY = ("08", "57P", "53")
_AWAY_ERRORS = (OperationalError, SqlInterfaceError, PoolTimeout, TimeoutError, OSError)

_TYPES = {
    "envelope": "bytea",
    "thread_ids": "bytea",
    "size_octets": "int",
    "proven": "bool",
    "priority": "smallint",
    "attempts": "int",
    "received_at": "bigint",
    "updated_at": "bigint",
    "next_attempt_at": "bigint",
    "warned_at": "bigint",
}
_CHANGED = ("id", "worker_id", "state", "error", "at", "next_attempt_at", "event", "done")
_CHANGE = (
    "changed AS (UPDATE mail_messages AS m SET state = g.state, last_error = g.error, updated_at = g.at,"
    " next_attempt_at = g.next_attempt_at, leased_by = '', trail = m.trail || g.event"
    " FROM unnest({given}) AS g({names})"
    " WHERE m.id = g.id AND m.state = 'delivering' AND m.leased_by = g.worker_id"
    " RETURNING m.id, m.direction, g.done)"
)
_DROP_BODIES = "gone AS (DELETE FROM mail_bodies AS b USING changed WHERE b.id = changed.id AND changed.done)"
_CHANGED_TYPES = {"at": "bigint", "next_attempt_at": "bigint", "done": "bool"}


class PostgresQueue:
    """Implements `QueueDatabase` on the tables of the main database, made by its migrations."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._gathering: Gathering[None, Insert | Change, Any] = Gathering(
            nullcontext, self._perform, key_of, (QueueUnavailable,), PAUSE_S
        )

    async def ask(self, operation: Operation, then: Then | None = None) -> Any:
        """Carry out an operation; see `QueueDatabase`."""
        if not isinstance(operation, Work):
            return await self._gathering.ask(operation, then)
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(operation.run)
        except (DBAPIError, *_AWAY_ERRORS) as error:
            raise _meaning(error) from error

    async def read(self, query: Callable[[Connection], AnswerT]) -> AnswerT:
        """Return the answer of a query."""
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(query)
        except (DBAPIError, *_AWAY_ERRORS) as error:
            raise _meaning(error) from error

    async def announce(self) -> None:
        """Wake the workers of other processes."""
        try:
            await self.ask(Work(lambda connection: connection.exec_driver_sql(_ANNOUNCE)))
        except QueueUnavailable as error:
            # What is announced is written already, and is found by the next look.
            _log.warning("queue-not-announced", error=type(error).__name__)

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` for each announcement; connects again whenever the connection is lost."""
        while True:
            try:
                await self._listen_once(wake)
            except Exception as error:  # noqa: BLE001 - the server comes back, and looks go on meanwhile
                _log.warning("queue-listener-lost", error=type(error).__name__)
            await asyncio.sleep(_RECONNECT_S)

    async def close(self) -> None:
        """Finish what was asked and close."""
        await self._gathering.idle()
        await self._disconnect()

    async def _listen_once(self, wake: Callable[[], None]) -> None:
        connection = await self._detached()
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(_CHANNEL, lambda *_: wake())
            # Whatever was announced while nobody listened.
            wake()
            await lost.wait()
        finally:
            connection.terminate()

    async def _perform(self, _: None, operations: Sequence[Insert | Change]) -> Sequence[Any]:
        inserts = [operation for operation in operations if isinstance(operation, Insert)]
        changes = [operation for operation in operations if isinstance(operation, Change)]
        parameters = [*_columns_of(inserts), *_columns_of_changes(changes)]
        statement = _STATEMENTS[bool(inserts), bool(changes)]
        try:
            connection = await self._connected()
            changed = dict(await connection.fetch(statement, *parameters))
        except Exception as error:
            if (meaning := _meaning(error)) is error:
                raise
            # What state the connection is in is not known; a new one is made for the next batch.
            await self._disconnect()
            raise meaning from error
        if any(insert.announced for insert in inserts):
            await self._announce(connection)
        return [changed.get(one.id) if isinstance(one, Change) else None for one in operations]

    async def _announce(self, connection: Any) -> None:
        try:
            await connection.execute(_ANNOUNCE)
        except Exception as error:  # noqa: BLE001 - the mail is safe, and is found by the next look
            _log.warning("queue-not-announced", error=type(error).__name__)

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._detached()
        return self._connection

    async def _detached(self) -> Any:
        """Return a connection of the driver that the engine's pool knows no more of."""
        connection = await self._engine.raw_connection()
        driver = connection.driver_connection
        connection.detach()
        return driver

    async def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class OneDatabase:
    """Implements `Places` where all messages are in one place."""

    def __init__(self, database: PostgresQueue) -> None:
        self._database = database

    @property
    def own(self) -> QueueDatabase:
        """The database."""
        return self._database

    @property
    def first(self) -> QueueDatabase:
        """The database."""
        return self._database

    def of_id(self, message_id: str) -> Sequence[QueueDatabase]:
        """Return the database."""
        del message_id
        return (self._database,)

    def to_deliver_from(self) -> Sequence[QueueDatabase]:
        """Return the database."""
        return (self._database,)

    def all(self) -> Sequence[QueueDatabase]:
        """Return the database."""
        return (self._database,)

    async def listen(self, wake: Callable[[], None]) -> None:
        """Listen to announcements."""
        await self._database.listen(wake)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()


def _columns_of(inserts: Sequence[Insert]) -> list[Sequence[Any]]:
    """Return the parameters that add rows: a list for each column, then ids and octets of the bodies."""
    if not inserts:
        return []
    rows = [row for insert in inserts for row in insert.rows]
    with_body = [row for row in rows if row.body is not None]
    columns: list[Sequence[Any]] = list(zip(*(row.values for row in rows), strict=True))
    return [*columns, [row.id for row in with_body], [row.body for row in with_body]]


def _columns_of_changes(changes: Sequence[Change]) -> list[Sequence[Any]]:
    return [[getattr(one, name) for one in changes] for name in _CHANGED] if changes else []


def _arrays(first: int, types: Sequence[str]) -> str:
    return ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, first))


# ruff: noqa: S608 - statements are put together from names of our own columns
def _statement(*, adds: bool, changes: bool) -> str:
    """Return the statement for a batch; its parts see the same moment and none of each other's rows."""
    types = [_TYPES.get(name, "text") for name in COLUMNS]
    parts = []
    if adds:
        names = ", ".join(COLUMNS)
        bodies = _arrays(len(types) + 1, ("text", "bytea"))
        parts += [
            f"added AS (INSERT INTO mail_messages ({names}) SELECT * FROM unnest({_arrays(1, types)}))",
            f"kept AS (INSERT INTO mail_bodies (id, body) SELECT * FROM unnest({bodies}))",
        ]
    if changes:
        first = len(types) + 3 if adds else 1
        given = _arrays(first, [_CHANGED_TYPES.get(name, "text") for name in _CHANGED])
        parts += [_CHANGE.format(given=given, names=", ".join(_CHANGED)), _DROP_BODIES]
    answer = "SELECT id, direction FROM changed" if changes else "SELECT 1 WHERE false"
    return f"WITH {', '.join(parts)} {answer}"


_STATEMENTS = {
    (adds, changes): _statement(adds=adds, changes=changes)
    for adds, changes in ((True, False), (False, True), (True, True))
}


def _meaning(error: BaseException) -> BaseException:
    """Return what an error means for whoever asked: the database is away, or the error itself."""
    driver = (error.orig if isinstance(error, DBAPIError) else None) or error
    state = getattr(driver, "sqlstate", None) or getattr(driver.__cause__, "sqlstate", None) or ""
    if state == _DISK_FULL:
        return QueueUnavailable.disk_full()
    away = isinstance(error, _AWAY_ERRORS) or state.startswith(_AWAY)
    # The driver's own error for a connection that is closed; it has no SQLSTATE.
    if away or type(driver).__name__ in {"InterfaceError", "ConnectionDoesNotExistError"}:
        return QueueUnavailable.away()
    return error
