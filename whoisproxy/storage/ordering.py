"""Commit in the order of numbering.

PostgreSQL numbers a row when it is inserted and shows it when it is committed. Whoever follows the
numbers, as a cursor or a queue does, would miss a low number that comes late.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def in_order(connection: AsyncConnection, topic: str) -> None:
    """Wait until every transaction that came here before with the same topic has ended.

    SQLite has one writer at a time, so there is nothing to wait for.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(topic, 0))))
