"""Tables of the mail queue; the same on SQLite and PostgreSQL.

No mailbox stands here in the clear, and the owner's not at all: forward mail knows the relay id only.
What names a correspondent (reverse-path, recipient of an answer or a DSN) is sealed like the message.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Dialect, Index, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware UTC time, kept as whole microseconds since 1970 so that both engines compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn a time into microseconds."""
        del dialect
        return None if value is None else int(value.timestamp() * 1_000_000)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Turn microseconds into a time."""
        del dialect
        return None if value is None else datetime.fromtimestamp(value / 1_000_000, UTC)


metadata = MetaData()

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
    Column("envelope", LargeBinary, nullable=False),  # sealed JSON: reverse_path, recipient
    Column("body", LargeBinary),  # sealed; gone once delivered, bounced or discarded
    Column("size_octets", Integer, nullable=False),
    Column("verdicts", JSON, nullable=False),  # list of {check, action, reason}
    Column("authentication", LargeBinary, nullable=False),  # sealed RFC 8601 results: names the sender
    Column("spf", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", String(64), nullable=False),  # kebab-case, ours; never a server's own words
    Column("received_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("leased_by", String(64), nullable=False),
    Column("lease_until", Instant),
    Index("mail_messages_due", "state", "next_attempt_at"),
    Index("mail_messages_of_relay", "relay_id", "id"),
)

thread_ids = Table(
    "mail_thread_ids",
    metadata,
    # SHA-256 of relay id and Message-ID: which ids an answer may name without telling anything new.
    Column("digest", LargeBinary, primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Index("mail_thread_ids_seen", "seen_at"),
)
