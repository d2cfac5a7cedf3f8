"""What greylisting has seen, in SQL: shared by all processes of a machine, and by machines on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.checks.greylisting import Seen
from mailrelay.queue.tables import Instant

metadata = MetaData()

greylist = Table(
    "mail_greylist",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # keyed hash; names nobody
    Column("first_at", Instant, nullable=False),
    Column("passes", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("mail_greylist_expires", "expires_at"),
)


class SqlGreylist:
    """Implements `GreylistStore`.

    Args:
        engine: SQLite or PostgreSQL; the table of `metadata` exists.
        reading: The same database for statements that only read, where the host has a lighter way to it.
    """

    def __init__(self, engine: AsyncEngine, reading: AsyncEngine | None = None) -> None:
        self._engine = engine
        self._reading = reading or engine
        self._dialect: Any = postgresql if engine.dialect.name == "postgresql" else sqlite

    async def find(self, keys: Sequence[bytes], now: datetime) -> dict[bytes, Seen]:
        """Return what is known and has not expired."""
        query = select(greylist).where(greylist.c.key.in_(keys), greylist.c.expires_at > now)
        async with self._reading.connect() as connection:
            rows = (await connection.execute(query)).all()
        return {row.key: Seen(row.first_at, row.passes) for row in rows}

    async def add(self, key: bytes, now: datetime, expires_at: datetime) -> None:
        """Keep that a key was first seen now, unless it is known."""
        first = {"first_at": now, "passes": 0, "expires_at": expires_at}
        statement = self._dialect.insert(greylist).values(key=key, **first)
        expired = greylist.c.expires_at <= now
        async with self._engine.begin() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["key"], set_=first, where=expired)
            )

    async def passed(self, keys: Sequence[bytes], now: datetime, expires_at: datetime) -> None:
        """Count a pass for each key, known or not, and keep it until then."""
        statement = self._dialect.insert(greylist)
        counted = statement.on_conflict_do_update(
            index_elements=["key"],
            set_={"passes": greylist.c.passes + 1, "expires_at": statement.excluded.expires_at},
        )
        # In one order, so that two processes never wait for each other.
        rows = [{"key": key, "first_at": now, "passes": 1, "expires_at": expires_at} for key in sorted(keys)]
        async with self._engine.begin() as connection:
            await connection.execute(counted, rows)

    async def purge(self, now: datetime) -> int:
        """Forget what has expired; return how much that was."""
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(greylist).where(greylist.c.expires_at <= now))
        return gone.rowcount
