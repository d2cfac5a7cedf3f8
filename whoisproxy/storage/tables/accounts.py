"""Registrars with their keys for the API, answered requests and webhooks; the keys that seal persons."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from whoisproxy.storage.tables.values import ID, UtcDateTime, metadata

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
