"""What owners ask for about their own data, corrections and exports; and who has read them."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table

from whoisproxy.storage.tables.values import ID, UtcDateTime, metadata

# `sealed` is what shall be changed, and why it was refused, under the account's key: it goes with him.
corrections = Table(
    "corrections",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("account_id", ForeignKey("owner_accounts.id", ondelete="CASCADE"), nullable=False),
    Column("registrant_ids", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_corrections_account_id_id", "account_id", "id"),
    Index("ix_corrections_registrar_id_state_id", "registrar_id", "state", "id"),
)

# `content` is the file, sealed under the account's key; NULL until it is made.
owner_exports = Table(
    "owner_exports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ForeignKey("owner_accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("size_octets", Integer, nullable=False),
    Column("content", LargeBinary),
)

# That a key of a registrar's backend has read a registrant: when first, when last, and on how many days. One
# row for both, however often it reads.
registrant_reads = Table(
    "registrant_reads",
    metadata,
    Column("registrant_id", ForeignKey("registrants.id", ondelete="CASCADE"), primary_key=True),
    Column("key_id", ID, primary_key=True),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("days", Integer, nullable=False),
)
