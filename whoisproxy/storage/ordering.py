"""Commit in the order of numbering.

PostgreSQL numbers a row when it is inserted and shows it when it is committed. Whoever follows the
numbers, as a cursor or a queue does, would miss a low number that comes late.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(topic, 0)) FROM unnest(CAST(:topics AS text[])) AS topic"
)


async def in_order(connection: AsyncConnection, *topics: str) -> None:
    """Wait until every transaction that came here before with one of the topics has ended.

    Topics are taken in one order, so that nobody waits for one who waits for him. SQLite has one writer at
    a time, so there is nothing to wait for.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_LOCK, {"topics": sorted(set(topics))})
