"""Engines: SQLite for one machine, PostgreSQL for more, the same statements on both.

SQLite runs in WAL mode with `synchronous=FULL`: a commit is on disk when it returns, and readers never
wait for the writer. A unit of work that writes takes the write lock at its beginning (BEGIN IMMEDIATE),
so that it cannot fail half way for another writer's sake.
"""

import os
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from whoisproxy.storage import sqlite_driver

_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql://"
_BUSY_MS = 15_000
READ_ONLY = "whoisproxy_read_only"

PASSING = (OperationalError, InterfaceError, PoolTimeout, TimeoutError, OSError)
"""The database or the network under it is away; the same may succeed later."""


def open_engine(url: str) -> AsyncEngine:
    """Return an engine for `sqlite:///path` or `postgresql://...`; connects when first used.

    A SQLite file is made for its owner only (0600, a new folder 0700). Error texts show no values.

    Raises:
        ValueError: Another kind of URL; the message does not repeat it.
    """
    if url.startswith(_SQLITE):
        path = Path(url.removeprefix(_SQLITE))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            async_creator=partial(sqlite_driver.connect, path),
            # None beyond the pool: it would be opened and closed, with its thread, for each use.
            pool_size=16,
            max_overflow=0,
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    if url.startswith(_POSTGRESQL):
        rest = url.removeprefix(_POSTGRESQL)
        return create_async_engine(
            f"postgresql+asyncpg://{rest}", pool_pre_ping=True, pool_size=10, hide_parameters=True
        )
    raise ValueError("database url: must begin with sqlite:/// or postgresql://")


def is_sqlite(engine: AsyncEngine) -> bool:
    """Whether the engine is the embedded one."""
    return engine.dialect.name == "sqlite"


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: _begin_sqlite does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {_BUSY_MS}",
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = bool(connection.get_execution_options().get(READ_ONLY, False))
    # Asked only where it changes, because each statement costs a change of thread.
    if connection.info.get(READ_ONLY, False) is not read_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {read_only:d}")
        connection.info[READ_ONLY] = read_only
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
