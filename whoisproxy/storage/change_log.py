"""Follow what SQLite's triggers write down (`published_changes`): which names were changed since last asked.

Whether anything at all was committed is seen in the header of the write-ahead log's index: 48 octets of
shared memory that every commit changes before it returns (https://www.sqlite.org/walformat.html, section
2.1). SQLite itself begins a read with it, so nothing that was committed before is overlooked. Comparing it
takes 0.1 µs, where the cheapest statement takes 4.
"""

import mmap
import os
import sqlite3
import struct
from collections.abc import Collection

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from whoisproxy.storage.published_changes import EVERYTHING

_log = structlog.get_logger()

_HEADER_OCTETS = 48
_FORMAT = 3_007_000
_BUSY_S = 0.2
_MOST = 1000  # more changes at once are taken for a change of everything

_SINCE = "SELECT number, name FROM published_changes WHERE number >= ? ORDER BY number LIMIT ?"
_NEWEST = "SELECT max(number) FROM published_changes"


class ChangeLog:
    """The changes of one database file, for the thread that first asks."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._path = str(engine.url.database)
        self._connection: sqlite3.Connection | None = None
        self._file = -1
        self._index: mmap.mmap | None = None
        self._seen = b""
        self._number = 0
        self._broken = False

    def poll(self) -> Collection[str] | None:
        """Return the names that changed since the last call, or None where that cannot be known now.

        `EVERYTHING` may be among them. What is returned has been committed, and all that was committed
        before the call is in it.
        """
        if self._index is not None:
            header = self._index[:_HEADER_OCTETS]
            if header == self._seen:
                return ()
        try:
            return self._read()
        except (sqlite3.Error, OSError) as error:
            if not self._broken:
                _log.error("published-changes-unreadable", error=type(error).__name__)
            self._broken, self._seen = True, b""
            return None

    def close(self) -> None:
        """Close it; to be called when this process has no other connection to the file any more.

        Closing the file of the index takes away the locks that SQLite has on it in this process (POSIX).
        """
        if self._index is not None:
            self._index.close()
            self._index = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self) -> Collection[str]:
        index, connection = self._opened()
        # Before the rows: what is committed in between changes it again.
        header = index[:_HEADER_OCTETS]
        rows = connection.execute(_SINCE, (self._number, _MOST + 1)).fetchall()
        if len(rows) <= _MOST and rows and rows[0][0] == self._number:
            names: Collection[str] = {name for _, name in rows[1:]}
            self._number = rows[-1][0]
        else:
            # Too many, or some were deleted before they were read here.
            names = (EVERYTHING,)
            [(self._number,)] = connection.execute(_NEWEST).fetchall()
        self._seen, self._broken = header, False
        return names

    def _opened(self) -> tuple[mmap.mmap, sqlite3.Connection]:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, _BUSY_S, isolation_level=None)
            self._connection.execute("PRAGMA query_only = ON")
        if self._index is None:
            # Once this connection has read, and while it is open, nobody deletes the index.
            self._connection.execute(_NEWEST).fetchall()
            if self._file < 0:
                self._file = os.open(f"{self._path}-shm", os.O_RDONLY | os.O_CLOEXEC)
            self._index = mmap.mmap(self._file, _HEADER_OCTETS, prot=mmap.PROT_READ)
        if struct.unpack("=I", self._index[:4]) != (_FORMAT,):
            raise OSError("the index of the write-ahead log has an unknown form")
        return self._index, self._connection
