"""The tables (SQLAlchemy Core), by area. Sealed columns hold what only the vault can read; see `vault`.

Persons appear in sealed columns alone. Users import from here, so that `metadata` always has every table.
"""

from whoisproxy.storage.tables.accounts import (
    api_keys,
    appearances,
    data_keys,
    idempotency,
    registrars,
    webhooks,
)
from whoisproxy.storage.tables.contact_form import contact_submissions
from whoisproxy.storage.tables.disclosure import disclosure_grants, disclosure_looks
from whoisproxy.storage.tables.held_mail import (
    quarantines,
    spam_learning,
    spam_lessons,
    suspect_mailboxes,
    told_correspondents,
    told_messages,
)
from whoisproxy.storage.tables.operations import events, operations, outbox, registry_tasks
from whoisproxy.storage.tables.own_data import corrections, owner_exports, registrant_reads
from whoisproxy.storage.tables.owners import (
    owner_accounts,
    owner_mailboxes,
    owner_sessions,
    passkeys,
    recovery_codes,
    sign_in_attempts,
    two_step_registrars,
    used_tokens,
)
from whoisproxy.storage.tables.publication import (
    publication_changes,
    publication_directories,
    publication_evidence,
    publication_lanes,
    publication_sightings,
    publication_watch,
)
from whoisproxy.storage.tables.registrations import consents, domains, name_servers, privacy, registrants
from whoisproxy.storage.tables.registries import (
    contactless,
    registry_accounts,
    registry_contacts,
    registry_leases,
    registry_messages,
    registry_sessions,
)
from whoisproxy.storage.tables.relay import mail_settings, relay_addresses, reply_addresses, sender_rules
from whoisproxy.storage.tables.values import UtcDateTime, metadata

__all__ = [
    "UtcDateTime",
    "api_keys",
    "appearances",
    "consents",
    "contact_submissions",
    "contactless",
    "corrections",
    "data_keys",
    "disclosure_grants",
    "disclosure_looks",
    "domains",
    "events",
    "idempotency",
    "mail_settings",
    "metadata",
    "name_servers",
    "operations",
    "outbox",
    "owner_accounts",
    "owner_exports",
    "owner_mailboxes",
    "owner_sessions",
    "passkeys",
    "privacy",
    "publication_changes",
    "publication_directories",
    "publication_evidence",
    "publication_lanes",
    "publication_sightings",
    "publication_watch",
    "quarantines",
    "recovery_codes",
    "registrant_reads",
    "registrants",
    "registrars",
    "registry_accounts",
    "registry_contacts",
    "registry_leases",
    "registry_messages",
    "registry_sessions",
    "registry_tasks",
    "relay_addresses",
    "reply_addresses",
    "sender_rules",
    "sign_in_attempts",
    "spam_learning",
    "spam_lessons",
    "suspect_mailboxes",
    "told_correspondents",
    "told_messages",
    "two_step_registrars",
    "used_tokens",
    "webhooks",
]
