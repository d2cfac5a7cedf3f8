"""How accounts stand with their registries, and what we have there."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from whoisproxy.storage.tables.values import ACCOUNT, ID, NAME, UtcDateTime, metadata

# How an account stands with its registry; `accepted` and `refused` are blind indexes of credentials.
registry_accounts = Table(
    "registry_accounts",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("accepted", LargeBinary, nullable=False),
    Column("refused", LargeBinary, nullable=False),
    Column("refused_code", Integer, nullable=False),
    Column("refused_until", UtcDateTime),
    Column("probe_until", UtcDateTime),
    Column("lowered_to", Integer, nullable=False),
    Column("lowered_until", UtcDateTime),
    Column("pause_s", Float, nullable=False),
)

# A row for each session that a process has at a registry, or waits for.
registry_sessions = Table(
    "registry_sessions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account", NAME, nullable=False, index=True),
    Column("holder", ID, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

# No foreign key to domains: a contact may outlive its domain here, and is cleared away after it.
registry_contacts = Table(
    "registry_contacts",
    metadata,
    Column("account", ACCOUNT, primary_key=True),
    Column("handle", Text, primary_key=True),
    Column("domain_id", ID, primary_key=True, index=True),
    Column("domain", NAME, nullable=False),
    Column("role", String(16), nullable=False),
    Column("made", Boolean, nullable=False),
    Column("operation_id", ID, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("look_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("registry_id", String(89), nullable=False, server_default=""),
    Index("ix_registry_contacts_account_look_at", "account", "look_at"),
)

registry_messages = Table(
    "registry_messages",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account", ACCOUNT, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("registrar_id", ForeignKey("registrars.id")),
    Column("kind", String(16), nullable=False),
    Column("domain", NAME, nullable=False),
    Column("transaction", Text, nullable=False),
    Column("succeeded", Boolean),
    Column("transfer", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("taken_at", UtcDateTime),
    UniqueConstraint("account", "message_id"),
    Index("ix_registry_messages_registrar_id_id", "registrar_id", "id"),
    Index("ix_registry_messages_account_transaction", "account", "transaction"),
)

# Who looks after an account now: takes its messages, clears away its contacts.
registry_leases = Table(
    "registry_leases",
    metadata,
    Column("account", ACCOUNT, primary_key=True),
    Column("worker_id", String(80), nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
)

# Where a registry was found to hold no contacts: for one domain, or for all of an account (domain "").
contactless = Table(
    "contactless",
    metadata,
    Column("account", ACCOUNT, primary_key=True),
    Column("domain", NAME, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)
