"""Addresses of the relay, and what owners want of their mail.

Relay addresses are public by nature and stand in clear; correspondents are sealed.
"""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, UniqueConstraint, text

from whoisproxy.storage.tables.values import ID, NAME, UtcDateTime, metadata

# No foreign key to domains: an address outlives its domain, so that it is never given to another.
relay_addresses = Table(
    "relay_addresses",
    metadata,
    Column("id", ID, primary_key=True),
    Column("domain_id", ID, nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("local_part", String(64), nullable=False),
    Column("relay_domain", NAME, nullable=False),
    Column("state", String(16), nullable=False),
    Column("grace_until", UtcDateTime, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("local_part", "relay_domain"),
)

reply_addresses = Table(
    "reply_addresses",
    metadata,
    Column("id", ID, primary_key=True),
    Column("relay_id", ForeignKey("relay_addresses.id"), nullable=False),
    Column("domain_id", ID, nullable=False, index=True),
    Column("registrant_id", ID, nullable=False),
    Column("local_part", String(64), nullable=False),
    Column("relay_domain", NAME, nullable=False),
    Column("correspondent", LargeBinary, nullable=False),
    Column("correspondent_index", LargeBinary, nullable=False),
    Column("thread_index", LargeBinary, nullable=False),
    Column("opening", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("local_part", "relay_domain"),
    Index(
        "ix_reply_addresses_in_use",
        "relay_id",
        "correspondent_index",
        "thread_index",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)

# How an owner wants a domain's mail; it names him, so it is sealed.
mail_settings = Table(
    "mail_settings",
    metadata,
    Column("domain_id", ForeignKey("domains.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# Whose mail is allowed and whose is blocked. `scope_id` is that of a domain or a registrar, `*` for all mail.
# An owner is known by his mailbox (`registrants.email_index`) among those of a registrar; else it is empty.
sender_rules = Table(
    "sender_rules",
    metadata,
    Column("id", ID, primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("scope_id", ID, nullable=False),
    Column("owner_index", LargeBinary, nullable=False),
    Column("sender_index", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("action", String(8), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("sender_index", "scope_id", "owner_index"),
    Index("ix_sender_rules_scope_id", "scope_id", "owner_index", "id"),
)
