"""Reads of a few rows on SQLite in the thread of the event loop, past SQLAlchemy and changes of thread.

SQLite finds a row by an index in some ten microseconds; a transaction of a thread of its own costs twenty
times as much. A reader waits for no writer in WAL mode, so the loop is not held up. The statements are
SQLAlchemy's and the same that PostgreSQL gets: each is made into text once.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import CompoundSelect, Dialect, LargeBinary, Select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeEngine

_BUSY_S = 0.2  # only while a file is recovered or closed for good does SQLite let a reader wait
_CACHE = "PRAGMA cache_size = -8000"


_Statement = Select[Any] | CompoundSelect[Any]


class Rows(Protocol):
    """What a statement has found."""

    def all(self) -> Sequence[Any]:
        """Return the rows; columns are attributes."""
        ...

    def first(self) -> Any:
        """Return the first row, or None where there is none."""
        ...


class Reader(Protocol):
    """Executes statements that read: SQLAlchemy's connection, or a direct one."""

    async def execute(self, statement: Any, parameters: Any, /) -> Rows:
        """Execute a statement with the values of its parameters."""
        ...


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as SQLite gets it.

    Attributes:
        places: Of the parameters in order: name, and the index in its list, -1 where it is no list.
        own: Values that stand in the statement itself, by name.
        converters: From values to those that SQLite compares, by name, where they differ.
        row: Makes a row.
    """

    sql: str
    places: Sequence[tuple[str, int]]
    own: Mapping[str, Any]
    converters: Mapping[str, Callable[[Any], Any]]
    row: Callable[[Sequence[Any]], Any]

    def bound(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the values of all parameters in order."""
        values = {**self.own, **parameters}
        for name, convert in self.converters.items():
            values[name] = convert(values[name])
        return [values[name] if index < 0 else values[name][index] for name, index in self.places]


@dataclass(frozen=True, slots=True)
class _Found:
    rows: Sequence[Any]

    def all(self) -> Sequence[Any]:
        return self.rows

    def first(self) -> Any:
        return self.rows[0] if self.rows else None


class DirectConnection:
    """A connection that is kept and only reads; each statement sees what is committed when it runs.

    For statements that find a few rows by an index. It belongs to the thread that first uses it, and opens
    then.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._path = str(engine.url.database)
        self._dialect = engine.dialect
        self._texts: dict[tuple[Any, ...], _Text] = {}
        self._connection: sqlite3.Connection | None = None

    async def execute(self, statement: _Statement, parameters: Mapping[str, Any]) -> Rows:
        """Return all rows of a statement, at once: nothing is awaited.

        Raises:
            sqlite3.Error: The file cannot be read; it may be possible later.
        """
        sizes = [len(value) for value in parameters.values() if isinstance(value, list)]
        text = self._texts.get((statement, *sizes))
        if text is None:
            text = self._texts[statement, *sizes] = _text(statement, parameters, self._dialect)
        found = self._open().execute(text.sql, text.bound(parameters)).fetchall()
        return _Found([text.row(row) for row in found])

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all statements of a block see the same; nothing but they may be awaited in it.

        Raises:
            sqlite3.Error: As `execute`.
        """
        connection = self._open()
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close it; the next statement would open it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, _BUSY_S, isolation_level=None)
            for pragma in ("PRAGMA query_only = ON", _CACHE):
                self._connection.execute(pragma)
        return self._connection


def _text(statement: _Statement, parameters: Mapping[str, Any], dialect: Dialect) -> _Text:
    compiled: Any = statement.compile(dialect=dialect)
    expanded = compiled.construct_expanded_state(parameters)
    of_lists = {
        one: (name, index)
        for name, ones in expanded.parameter_expansion.items()
        for index, one in enumerate(ones)
    }
    places = [of_lists.get(name, (name, -1)) for name in expanded.positiontup]
    converters = {
        name: compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        for name, index in places
        if index < 0
    }
    return _Text(
        expanded.statement,
        places,
        {name: value for name, value in compiled.params.items() if name not in parameters},
        {name: convert for name, convert in converters.items() if convert is not None},
        _row(statement, dialect),
    )


def _row(statement: _Statement, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    """Return what makes a row of SQLite's values, as SQLAlchemy would."""
    columns = statement.selected_columns
    row = namedtuple("Row", columns.keys())  # type: ignore[misc] # noqa: PYI024 - not known before
    readers = [_reader(column.type, dialect) for column in columns]
    if not any(readers):
        return row._make

    def make(values: Sequence[Any]) -> Any:
        pairs = zip(readers, values, strict=True)
        return row._make([read(value) if read else value for read, value in pairs])

    return make


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    # SQLite gives octets as they are.
    return (
        None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).result_processor(dialect, None)
    )
