"""Domains, who holds them, and whether they are hidden."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from whoisproxy.storage.tables.values import ID, NAME, UtcDateTime, metadata

registrants = Table(
    "registrants",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("email_index", LargeBinary, nullable=False),
    # Blind index of all of his data: equal for equal ones. NULL where they were stored before there was one.
    Column("data_index", LargeBinary),
    # With all that a list of an owner's domains needs of them: they are far apart in the table.
    Index("ix_registrants_email_index", "email_index", "registrar_id", "id"),
)

domains = Table(
    "domains",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("name", NAME, nullable=False, unique=True),
    Column("registrant_id", ForeignKey("registrants.id"), nullable=False, index=True),
    Column("registrant_verified", Boolean, nullable=False),
    Column("nameservers", JSON, nullable=False),
    Column("statuses", JSON, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("registry_id", String(89), nullable=False, server_default=""),
    # DS records as lists of four; NULL where it is not signed, empty where they are not known.
    Column("delegation", JSON(none_as_null=True)),
    Column("hosts", JSON, nullable=False, server_default="[]"),
    # The name as people read it (RFC 5890), where that is another one: by it owners sort and search.
    Column("u_label", NAME),
    Index("ix_domains_registrar_id_name", "registrar_id", "name"),
)

# Which domains use a name server: from `domains.nameservers`, of those that have not gone elsewhere. No
# foreign key, which would need an index of its own: whoever writes `domains` knows what a domain had.
name_servers = Table(
    "name_servers",
    metadata,
    Column("host", NAME, primary_key=True),
    Column("domain_id", ID, primary_key=True),
    sqlite_with_rowid=False,
)

# Every consent that was given with a switch, to whichever of the two; `sealed` is who gave it, and how he had
# signed in. They go with the holder.
consents = Table(
    "consents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("domain_id", ForeignKey("domains.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("actor", String(16), nullable=False),
    Column("given_to", String(8), nullable=False),
    Column("text_version", String(64), nullable=False),
    Column("language", String(8), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

privacy = Table(
    "privacy",
    metadata,
    Column("domain_id", ForeignKey("domains.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(16), nullable=False, index=True),
    Column("wanted", Boolean, nullable=False),
    Column("published", Boolean, nullable=False),
    Column("mail_policy", String(16), nullable=False),
    Column("forward_to", LargeBinary),
    # Which of the owner's mailboxes that is; empty where his registrar has named it.
    Column("mailbox_id", ID, nullable=False, server_default="", index=True),
    Column("consent", LargeBinary),
    Column("operation_id", ID, nullable=False),
    Column("reason", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
