"""Who was granted to see what of a registrant, and when it was looked at."""

from sqlalchemy import JSON, Column, ForeignKey, Index, LargeBinary, String, Table

from whoisproxy.storage.tables.values import ID, NAME, UtcDateTime, metadata

# Who may see which data of a registrant; requester and reason are sealed. No foreign key to domains: what was
# disclosed stays known when the domain is gone. `token_hash` is SHA-256 of what the requester shows.
disclosure_grants = Table(
    "disclosure_grants",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("domain_id", ID, nullable=False, index=True),
    Column("domain", NAME, nullable=False),
    Column("registrant_id", ID, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("purpose", String(64), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ending", String(16)),
    Index("ix_disclosure_grants_registrar_id_domain_id", "registrar_id", "domain", "id"),
    Index("ix_disclosure_grants_ended_at_expires_at", "ended_at", "expires_at"),
)

# That a grant was used: written before the answer leaves. `network` is sealed.
disclosure_looks = Table(
    "disclosure_looks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("grant_id", ForeignKey("disclosure_grants.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("network", LargeBinary, nullable=False),
    Index("ix_disclosure_looks_grant_id", "grant_id", "id"),
)
