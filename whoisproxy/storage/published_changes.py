"""Every change of what RDAP and WHOIS show is told to all processes, by triggers of the database itself.

On SQLite a trigger appends the domain's name to a table that readers follow (`change_log`); on PostgreSQL it
notifies those who listen (`change_listener`). A name is told with the commit that changed it, or not at all.
Which changes are told is written in `triggers`.
"""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection

EVERYTHING = "*"
"""Told in place of a name: any domain may look different now."""

CHANNEL = "whoisproxy_published"
"""Of PostgreSQL's notifications; the payload is a name or `EVERYTHING`."""

# On SQLite only. Numbers have no gaps, so that a reader sees when rows that it has not read are gone.
metadata = MetaData()
Table(
    "published_changes",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    sqlite_autoincrement=True,
)

_KEPT = 10_000
_BATCH = 20_000

_PURGE = text(
    "DELETE FROM published_changes WHERE number <= min("
    " (SELECT max(number) FROM published_changes) - :kept,"
    " (SELECT min(number) FROM published_changes) + :batch - 1)"
)


async def purge_changes(connection: AsyncConnection) -> bool:
    """Delete changes that hardly a reader of SQLite is still behind; return whether there may be more.

    Who is behind all the same sees the gap, and takes it for a change of everything.
    """
    done = await connection.execute(_PURGE, {"kept": _KEPT, "batch": _BATCH})
    return done.rowcount >= _BATCH
