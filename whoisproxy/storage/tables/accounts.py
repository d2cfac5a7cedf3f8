"""Registrars: their keys for the API, answered requests, webhooks, look; and the keys that seal persons."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from whoisproxy.storage.tables.values import ID, NAME, UtcDateTime, metadata

registrars = Table(
    "registrars",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("iana_id", Integer),
    Column("brand", JSON),
    Column("created_at", UtcDateTime, nullable=False),
    Column("office", JSON(none_as_null=True)),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False, index=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("networks", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("registrar_id", ForeignKey("registrars.id"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# Destroying a row of data_keys makes everything sealed for that owner unreadable for ever.
data_keys = Table(
    "data_keys",
    metadata,
    Column("owner_id", ID, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master_key_id", String(40), nullable=False, index=True),
)

# How the pages of registrars look; shown to anybody.
appearances = Table(
    "appearances",
    metadata,
    Column("registrar_id", ForeignKey("registrars.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("host", NAME, unique=True),
    Column("accent", String(7), nullable=False),
    Column("accent_dark", String(7), nullable=False),
    Column("imprint_url", Text, nullable=False),
    Column("privacy_url", Text, nullable=False),
    Column("terms_url", Text, nullable=False),
    Column("help_url", Text, nullable=False),
    Column("logo_type", String(13), nullable=False),
    Column("logo", LargeBinary),
    Column("version", String(12), nullable=False),
)
