"""Registrars, our tenants, and the keys by which their backends speak to us."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from whoisproxy.domain.proxy_identity import Brand


class Scope(StrEnum):
    """What an API key may do."""

    DOMAINS_READ = "domains:read"
    DOMAINS_WRITE = "domains:write"
    PRIVACY_WRITE = "privacy:write"
    EVENTS_READ = "events:read"
    WEBHOOKS_WRITE = "webhooks:write"
    MAIL_READ = "mail:read"
    MAIL_WRITE = "mail:write"
    DISCLOSURES_READ = "disclosures:read"
    DISCLOSURES_WRITE = "disclosures:write"
    PORTAL_WRITE = "portal:write"
    PAGES_READ = "pages:read"
    PAGES_WRITE = "pages:write"


@dataclass(frozen=True, slots=True)
class Office:
    """Where a registrar is reached, as RDAP and WHOIS tell of it.

    Attributes:
        phone: E.164 with a leading plus.
        whois_server: Host name of its WHOIS server; "" for none.
    """

    street: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country_code: str
    phone: str
    email: str
    whois_server: str = ""


@dataclass(frozen=True, slots=True)
class Registrar:
    """A registrar's or reseller's backend.

    Attributes:
        iana_id: IANA registrar id; None for a reseller.
        brand: Its own privacy brand; None for the one of the configuration.
        office: None while it has not told; then it is reached where its brand is.
    """

    id: str
    name: str
    url: str
    iana_id: int | None
    brand: Brand | None
    created_at: datetime
    office: Office | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret, which is stored as a hash.

    Attributes:
        networks: CIDR blocks it may be used from; empty for any.
        expires_at: None while no rotation has set an end.
    """

    id: str
    registrar_id: str
    scopes: frozenset[Scope]
    networks: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
