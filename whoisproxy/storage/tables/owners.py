"""Owners' accounts: what they sign in with, their sessions, and who tried to sign in."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from whoisproxy.storage.tables.values import ID, UtcDateTime, metadata

# Owners' accounts: one for each mailbox (`registrants.email_index`) and registrar. `sealed` is what the owner
# wishes, `methods` what he signs in with, both under the account's own key; `totp_step` is the last step of
# time whose code was used.
owner_accounts = Table(
    "owner_accounts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("owner_index", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("methods", LargeBinary, nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("registrar_id", "owner_index"),
    Index("ix_owner_accounts_owner_index", "owner_index"),
)

# Registrars that require a second step of their owners.
two_step_registrars = Table(
    "two_step_registrars",
    metadata,
    Column("registrar_id", ForeignKey("registrars.id"), primary_key=True),
)

# `token_hash` is SHA-256 of what the browser shows; `sealed` is network and device.
owner_sessions = Table(
    "owner_sessions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ForeignKey("owner_accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("stage", String(16), nullable=False),
    Column("proofs", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
    Column("proven_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Who tried to sign in. Network and device are blind indexes, and sealed where an owner may see them in his
# history; of a mailbox that nobody has, nothing but the network is known.
sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ForeignKey("owner_accounts.id", ondelete="CASCADE")),
    Column("network_index", LargeBinary, nullable=False),
    Column("device_index", LargeBinary, nullable=False),
    Column("lane", String(24), nullable=False),
    Column("proof", String(16), nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("new_device", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary),
    Index("ix_sign_in_attempts_account_id_at", "account_id", "at"),
    Index("ix_sign_in_attempts_network_index_at", "network_index", "at"),
)

# `sealed` is public key and name.
passkeys = Table(
    "passkeys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ForeignKey("owner_accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("sealed", LargeBinary, nullable=False),
)

# Recovery codes that were not used, as blind indexes.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", ForeignKey("owner_accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("code_index", LargeBinary, primary_key=True),
)

# Links and challenges that were used, by SHA-256, until they would have ended anyway.
used_tokens = Table(
    "used_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# Mailboxes that an owner has named for his mail, sealed under his account's key; used once `verified_at` is
# set.
owner_mailboxes = Table(
    "owner_mailboxes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ForeignKey("owner_accounts.id", ondelete="CASCADE"), nullable=False),
    Column("mailbox_index", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("verified_at", UtcDateTime),
    UniqueConstraint("account_id", "mailbox_index"),
)
