"""Mail that an earlier version left in the main database: moved into the queue at start, losing nothing.

Until version 0006 of the schema a message was one row of one table, sealed in three parts. Migration 0006 put
that table aside; here its rows are sealed anew and moved in parts. A part is in the queue before it is taken
from the table, and what is in the queue already is left as it is, so that a crash in between, or several
processes that start at once, move everything once.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import structlog
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    delete,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.queue.cipher import BodyCipher, KeyDestroyed
from mailrelay.queue.entry import FINAL, NORMAL, State
from mailrelay.queue.operations import Places, Work
from mailrelay.queue.rows import seal_body, trail_line
from mailrelay.queue.tables import bodies, messages

_log = structlog.get_logger()
_CHUNK = 200

metadata = MetaData()
earlier = Table(
    "mail_messages_earlier",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("direction", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("relay_id", String(64), nullable=False),
    Column("reply_id", String(64), nullable=False),
    Column("about_id", String(32), nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("body", LargeBinary),
    Column("size_octets", Integer, nullable=False),
    Column("verdicts", JSON, nullable=False),
    Column("authentication", LargeBinary, nullable=False),
    Column("spf", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", String(64), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("next_attempt_at", BigInteger, nullable=False),
    Column("leased_by", String(64), nullable=False),
    Column("lease_until", BigInteger),
)
_AS_THEY_WERE = (
    "id", "direction", "owner_id", "relay_id", "reply_id", "about_id", "envelope", "size_octets", "attempts",
    "last_error",
)  # fmt: skip


async def move_earlier_mail(engine: AsyncEngine, places: Places, cipher: BodyCipher) -> int:
    """Move what there is; return how many messages that were.

    Raises:
        QueueUnavailable: The queue cannot be written now; what is not moved yet is moved at the next start.
    """
    moved = 0
    while rows := await _next_part(engine):
        parts = [await _moved(row, cipher) for row in rows]
        await places.first.ask(Work(partial(_add_missing, parts=parts)))
        async with engine.begin() as connection:
            await connection.execute(delete(earlier).where(earlier.c.id.in_([row.id for row in rows])))
        moved += len(rows)
    if moved:
        _log.info("earlier-mail-moved", messages=moved)
    return moved


async def _next_part(engine: AsyncEngine) -> Sequence[Row[Any]]:
    async with engine.connect() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table(earlier.name)):
            return ()
        return (await connection.execute(select(earlier).limit(_CHUNK))).all()


async def _moved(row: Row[Any], cipher: BodyCipher) -> tuple[dict[str, Any], bytes | None]:
    """Return a row as it is kept now, and its body."""
    state, body = State(row.state), None
    if state is State.DELIVERING:
        state = State.QUEUED
    if state not in FINAL:
        try:
            key = await cipher.key(row.owner_id)
            body = seal_body(key, key.open(row.authentication).decode(), key.open(row.body))
        except KeyDestroyed:
            state = State.DISCARDED
    times = {
        name: datetime.fromtimestamp(getattr(row, name) / 1_000_000, UTC)
        for name in ("received_at", "updated_at", "next_attempt_at")
    }
    columns = {
        **{name: getattr(row, name) for name in _AS_THEY_WERE},
        **times,
        "state": state,
        "verdicts": orjson.dumps(row.verdicts).decode(),
        "thread_ids": b"",
        "proven": row.spf == "pass",
        "priority": NORMAL,
        "warned_at": None,
        "leased_by": "",
        "trail": trail_line(row.received_at, "taken-by-an-earlier-version"),
    }
    return columns, body


def _add_missing(connection: Connection, parts: Sequence[tuple[dict[str, Any], bytes | None]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(messages).on_conflict_do_nothing(), [columns for columns, _ in parts])
    # Of a message that was moved before and is delivered by now, the body must not come back.
    waiting = select(messages.c.id).where(
        messages.c.id.in_([columns["id"] for columns, _ in parts]), messages.c.state.not_in(list(FINAL))
    )
    open_ids = set(connection.scalars(waiting))
    texts = [{"id": one["id"], "body": body} for one, body in parts if body and one["id"] in open_ids]
    if texts:
        connection.execute(dialect.insert(bodies).on_conflict_do_nothing(), texts)
