"""SQLite for SQLAlchemy's asyncio engine with one change of thread for each statement.

aiosqlite runs each connection in a thread and goes there four times for one statement: for the cursor, to
execute, to fetch, to close. Those changes of thread cost several times what SQLite itself does. Here one
visit does all four. Rows are always fetched whole, so there are no server-side cursors.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiosqlite

_CHUNK = 64  # only for iteration over aiosqlite's own cursors, which nobody does


class WholeCursor:
    """What SQLAlchemy needs of a cursor; after `execute` everything is here already."""

    arraysize = 1

    def __init__(self, run: Callable[..., Any], connection: sqlite3.Connection) -> None:
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._run = run
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute a statement and fetch its rows."""
        await self._run(self._whole, sqlite3.Cursor.execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute a statement for each set of parameters."""
        await self._run(self._whole, sqlite3.Cursor.executemany, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """Return the rows."""
        return self._rows

    async def close(self) -> None:
        """Do nothing: the cursor was closed when its rows had been fetched."""

    def _whole(self, execute: Callable[..., sqlite3.Cursor], sql: str, parameters: Any) -> None:
        cursor = self._connection.cursor()
        try:
            execute(cursor, sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            # Only after the last row does SQLite know how many a RETURNING statement has changed.
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class _Connection(aiosqlite.Connection):
    def cursor(self) -> WholeCursor:  # type: ignore[override]
        return WholeCursor(self._execute, self._conn)

    async def rollback(self) -> None:
        """Roll back; the pool asks for it whenever a connection comes back, nearly always for nothing."""
        if self._conn.in_transaction:
            await super().rollback()


async def connect(path: Path) -> aiosqlite.Connection:
    """Open a connection for `create_async_engine(async_creator=...)`."""
    connection = _Connection(partial(sqlite3.connect, path, check_same_thread=False), _CHUNK)
    # As SQLAlchemy sets it: a process that ends does not wait for connections that nobody closed.
    connection._thread.daemon = True  # noqa: SLF001 - aiosqlite has no other way
    return await connection
