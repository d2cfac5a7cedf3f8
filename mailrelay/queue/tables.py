"""Tables of the mail queue; the same on SQLite and PostgreSQL.

No mailbox stands here in the clear, and the owner's not at all: forward mail knows the relay id only.
What names a correspondent (reverse-path, recipient of an answer or a DSN, author, subject) is sealed like the
message.

What a message weighs stands apart from what becomes of it: a change of state rewrites a few hundred octets.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware UTC time, kept as whole microseconds since 1970 so that both engines compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn a time into microseconds."""
        del dialect
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Turn microseconds into a time."""
        del dialect
        return None if value is None else datetime.fromtimestamp(value / 1_000_000, UTC)


def microseconds(at: datetime) -> int:
    """Return a time as it is kept."""
    return int(at.timestamp() * 1_000_000)


metadata = MetaData()

# Written out, because an engine uses an index of some rows only where it sees the same words.
ACTIVE = text("state IN ('queued', 'deferred', 'delivering')")
SET_ASIDE = text("state IN ('quarantined', 'held', 'undeliverable', 'paused')")

messages = Table(
    "mail_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("direction", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("relay_id", String(64), nullable=False),
    Column("reply_id", String(64), nullable=False),
    Column("about_id", String(32), nullable=False),  # the message a DSN or notice reports on
    Column("envelope", LargeBinary, nullable=False),  # sealed JSON; see `rows`
    Column("size_octets", Integer, nullable=False),
    Column("verdicts", Text, nullable=False),  # JSON: list of {check, action, reason}
    Column("thread_ids", LargeBinary, nullable=False),  # digests of Message-IDs that the correspondent knows
    Column("proven", Boolean, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", String(64), nullable=False),  # kebab-case, ours; never a server's own words
    Column("received_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # While a message is being delivered, the end of its lease: what is due is one range of one index.
    Column("next_attempt_at", Instant, nullable=False),
    Column("warned_at", Instant),
    Column("leased_by", String(64), nullable=False),
    Column("trail", Text, nullable=False),
    Index(
        "mail_messages_due",
        "priority",
        "next_attempt_at",
        "state",
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    ),
    Index(
        "mail_messages_set_aside",
        "state",
        "updated_at",
        sqlite_where=SET_ASIDE,
        postgresql_where=SET_ASIDE,
    ),
    # What lists and charts of an owner choose by stands in the index: his rows are not visited for it.
    Index("mail_messages_of_relay", "relay_id", "id", "state", "direction", "owner_id", "received_at"),
    # By id, and so by time: a message costs one page, not one here and one in an index.
    sqlite_with_rowid=False,
)

# How many messages were taken on a day (days since 1970, UTC), of those that are forgotten; see `log`.
days = Table(
    "mail_days",
    metadata,
    Column("relay_id", String(64), primary_key=True),
    Column("owner_id", String(64), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("direction", String(16), primary_key=True),
    Column("state", String(16), primary_key=True),
    Column("messages", Integer, nullable=False),
    Index("mail_days_day", "day"),
    sqlite_with_rowid=False,
)

bodies = Table(
    "mail_bodies",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("body", LargeBinary, nullable=False),  # sealed; gone once the recipient is done
    sqlite_with_rowid=False,
)
