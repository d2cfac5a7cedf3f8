"""The tables (SQLAlchemy Core). Sealed columns hold what only the vault can read; see `vault`.

Persons appear in sealed columns alone. Relay addresses are public by nature and stand in clear.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out, on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone must not be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give SQLite's naive values their zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(40)
_NAME = String(253)
_ACCOUNT = String(64)
_Serial = BigInteger().with_variant(Integer(), "sqlite")


registrars = Table(
    "registrars",
    metadata,
    Column("id", _ID, primary_key=True),
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
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False, index=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("networks", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
)

# Destroying a row of data_keys makes everything sealed for that owner unreadable for ever.
data_keys = Table(
    "data_keys",
    metadata,
    Column("owner_id", _ID, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master_key_id", String(40), nullable=False, index=True),
)

registrants = Table(
    "registrants",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("email_index", LargeBinary, nullable=False, index=True),
)

domains = Table(
    "domains",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("name", _NAME, nullable=False, unique=True),
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
    Index("ix_domains_registrar_id_name", "registrar_id", "name"),
)

# Which domains use a name server: from `domains.nameservers`, of those that have not gone elsewhere. No
# foreign key, which would need an index of its own: whoever writes `domains` knows what a domain had.
name_servers = Table(
    "name_servers",
    metadata,
    Column("host", _NAME, primary_key=True),
    Column("domain_id", _ID, primary_key=True),
    sqlite_with_rowid=False,
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
    Column("consent", LargeBinary),
    Column("operation_id", _ID, nullable=False),
    Column("reason", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# No foreign key to domains: an address outlives its domain, so that it is never given to another.
relay_addresses = Table(
    "relay_addresses",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("domain_id", _ID, nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("local_part", String(64), nullable=False),
    Column("relay_domain", _NAME, nullable=False),
    Column("state", String(16), nullable=False),
    Column("grace_until", UtcDateTime, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("local_part", "relay_domain"),
)

reply_addresses = Table(
    "reply_addresses",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("relay_id", ForeignKey("relay_addresses.id"), nullable=False),
    Column("domain_id", _ID, nullable=False, index=True),
    Column("registrant_id", _ID, nullable=False),
    Column("local_part", String(64), nullable=False),
    Column("relay_domain", _NAME, nullable=False),
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
    Column("id", _ID, primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("scope_id", _ID, nullable=False),
    Column("owner_index", LargeBinary, nullable=False),
    Column("sender_index", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("action", String(8), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("sender_index", "scope_id", "owner_index"),
    Index("ix_sender_rules_scope_id", "scope_id", "owner_index", "id"),
)

# Whose held mail is shown and told of together: domains of one registrar whose registrants have one mailbox,
# known by blind index, and whose mail goes to one mailbox. `digest_id` is a letter's on its way, else "".
quarantines = Table(
    "quarantines",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("owner_index", LargeBinary, nullable=False),
    Column("mailbox_index", LargeBinary, nullable=False),
    Column("due_at", UtcDateTime),
    Column("told_at", UtcDateTime),
    Column("digest_id", _ID, nullable=False),
    UniqueConstraint("registrar_id", "owner_index", "mailbox_index"),
)

# Held messages that their owner was told of, and in which letter.
told_messages = Table(
    "told_messages",
    metadata,
    Column("message_id", _ID, primary_key=True),
    Column("digest_id", _ID, nullable=False, index=True),
    Column("told_at", UtcDateTime, nullable=False, index=True),
)

# Registrants' mailboxes that refused mail, by blind index; gone with the registrant.
suspect_mailboxes = Table(
    "suspect_mailboxes",
    metadata,
    Column("owner_id", ForeignKey("registrants.id", ondelete="CASCADE"), primary_key=True),
    Column("mailbox_index", LargeBinary, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("try_at", UtcDateTime, nullable=False),
)

# Who was told that mail to a relay address waits for such a mailbox.
told_correspondents = Table(
    "told_correspondents",
    metadata,
    Column("relay_id", _ID, primary_key=True),
    Column("correspondent_index", LargeBinary, primary_key=True),
    Column("owner_id", ForeignKey("registrants.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("told_at", UtcDateTime, nullable=False),
)

operations = Table(
    "operations",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("domain_id", _ID, nullable=False, index=True),
    Column("domain", _NAME, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("commands", JSON, nullable=False),
    Column("problem_code", String(64), nullable=False),
    Column("problem", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("look_again_at", UtcDateTime),
    Column("awaits", Text, nullable=False, index=True),
    Column("leak_risk", Boolean, nullable=False),
)

# What registrars' backends shall set at their registries; `sealed` is empty once that is over.
registry_tasks = Table(
    "registry_tasks",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("domain_id", _ID, nullable=False, index=True),
    Column("domain", _NAME, nullable=False),
    Column("operation_id", _ID, nullable=False, unique=True),
    Column("registrant_id", _ID, nullable=False),
    Column("mechanism", String(16), nullable=False),
    Column("hide", Boolean, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("finding", JSON),
    Column("reminded", Boolean, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("looks", Integer, nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_registry_tasks_registrar_id_id", "registrar_id", "id"),
    Index("ix_registry_tasks_state_due_at", "state", "due_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("kind", String(64), nullable=False),
    Column("key", String(300), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("run_at", UtcDateTime, nullable=False),
    Column("worker_id", String(80)),
    Column("lease_until", UtcDateTime),
    Column("problem_code", String(64), nullable=False),
    Index("ix_outbox_state_run_at", "state", "run_at"),
    Index("ix_outbox_key_id", "key", "id"),
)

events = Table(
    "events",
    metadata,
    Column("sequence", _Serial, primary_key=True, autoincrement=True),
    Column("id", _ID, nullable=False, unique=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("type", String(64), nullable=False),
    Column("domain", _NAME, nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_events_registrar_id_sequence", "registrar_id", "sequence"),
    sqlite_autoincrement=True,
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("registrar_id", ForeignKey("registrars.id"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

# How an account stands with its registry; `accepted` and `refused` are blind indexes of credentials.
registry_accounts = Table(
    "registry_accounts",
    metadata,
    Column("name", _NAME, primary_key=True),
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
    Column("id", _ID, primary_key=True),
    Column("account", _NAME, nullable=False, index=True),
    Column("holder", _ID, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

# No foreign key to domains: a contact may outlive its domain here, and is cleared away after it.
registry_contacts = Table(
    "registry_contacts",
    metadata,
    Column("account", _ACCOUNT, primary_key=True),
    Column("handle", Text, primary_key=True),
    Column("domain_id", _ID, primary_key=True, index=True),
    Column("domain", _NAME, nullable=False),
    Column("role", String(16), nullable=False),
    Column("made", Boolean, nullable=False),
    Column("operation_id", _ID, nullable=False),
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
    Column("id", _ID, primary_key=True),
    Column("account", _ACCOUNT, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("registrar_id", ForeignKey("registrars.id")),
    Column("kind", String(16), nullable=False),
    Column("domain", _NAME, nullable=False),
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
    Column("account", _ACCOUNT, primary_key=True),
    Column("worker_id", String(80), nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
)

# Where a registry was found to hold no contacts: for one domain, or for all of an account (domain "").
contactless = Table(
    "contactless",
    metadata,
    Column("account", _ACCOUNT, primary_key=True),
    Column("domain", _NAME, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

# What this installation has learned about spam: one sealed row, whose version says when it changed.
spam_learning = Table(
    "spam_learning",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# That a message was taught, for the limits on teachers and senders; both, and the message, as blind indexes.
spam_lessons = Table(
    "spam_lessons",
    metadata,
    Column("lesson", LargeBinary, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("teacher", LargeBinary, nullable=False),
    Column("sender", LargeBinary, nullable=False),
    Column("taught_at", UtcDateTime, nullable=False, index=True),
    Index("ix_spam_lessons_teacher_taught_at", "teacher", "taught_at"),
    Index("ix_spam_lessons_sender_taught_at", "sender", "taught_at"),
)

# Domains of which something changed that the public is to see: put in by triggers on `privacy`, so that no
# way of writing can forget it, and taken out when their next looks are planned.
publication_changes = Table(
    "publication_changes",
    metadata,
    Column("domain_id", _ID, primary_key=True),
    Column("changed_at", UtcDateTime, nullable=False),
)

# Where and when hidden domains are looked at with a stranger's eyes. A claim moves `due_at` to the end of its
# lease. No foreign key to domains: whoever deletes one would wait for planners, and they for him.
publication_watch = Table(
    "publication_watch",
    metadata,
    Column("domain_id", _ID, primary_key=True),
    Column("place", String(8), primary_key=True),
    Column("lane", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("soon", Boolean, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("verdict", String(8)),
    Column("since", UtcDateTime),
    Column("looks", Integer, nullable=False),
    Column("looked_at", UtcDateTime),
    Column("clean_at", UtcDateTime),
    Column("told", String(8), nullable=False),
    Column("repairs", Integer, nullable=False),
    Column("repaired_at", UtcDateTime),
    Index("ix_publication_watch_lane_soon_due_at", "lane", "soon", "due_at"),
)

# Servers that are asked together, and when their pace allows the next look, for all machines.
publication_lanes = Table(
    "publication_lanes",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("ready_at", UtcDateTime, nullable=False),
)

# Which directories the watch knows, by a digest: where others are known, hidden domains are planned anew.
publication_directories = Table(
    "publication_directories",
    metadata,
    Column("digest", String(64), primary_key=True),
)

# What each server showed of a domain: one row, whatever the number of looks.
publication_sightings = Table(
    "publication_sightings",
    metadata,
    Column("domain_id", _ID, primary_key=True),
    Column("place", String(8), primary_key=True),
    Column("source", String(8), primary_key=True),
    Column("server", String(270), primary_key=True),
    Column("referred", Boolean, nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("doubt", String(16)),
    Column("since", UtcDateTime, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("clean_at", UtcDateTime),
)

# Raw answers in which something was found or not found, sealed for the registrant and gone with him.
publication_evidence = Table(
    "publication_evidence",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("domain_id", _ID, nullable=False, index=True),
    Column("registrant_id", ForeignKey("registrants.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("place", String(8), nullable=False),
    Column("source", String(8), nullable=False),
    Column("server", String(270), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

# Who may see which data of a registrant; requester and reason are sealed. No foreign key to domains: what was
# disclosed stays known when the domain is gone. `token_hash` is SHA-256 of what the requester shows.
disclosure_grants = Table(
    "disclosure_grants",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("domain_id", _ID, nullable=False, index=True),
    Column("domain", _NAME, nullable=False),
    Column("registrant_id", _ID, nullable=False),
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
    Column("id", _ID, primary_key=True),
    Column("grant_id", ForeignKey("disclosure_grants.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("network", LargeBinary, nullable=False),
    Index("ix_disclosure_looks_grant_id", "grant_id", "id"),
)

# How the pages of registrars look; shown to anybody.
appearances = Table(
    "appearances",
    metadata,
    Column("registrar_id", ForeignKey("registrars.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("host", _NAME, unique=True),
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

# Owners' accounts: one for each mailbox (`registrants.email_index`) and registrar. `sealed` is what the owner
# wishes, `methods` what he signs in with, both under the account's own key; `totp_step` is the last step of
# time whose code was used.
owner_accounts = Table(
    "owner_accounts",
    metadata,
    Column("id", _ID, primary_key=True),
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
    Column("id", _ID, primary_key=True),
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
    Column("id", _ID, primary_key=True),
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
    Column("id", _ID, primary_key=True),
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
