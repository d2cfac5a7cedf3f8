"""What the public may see of a domain: strings and times, nothing else.

RDAP and WHOIS are both rendered from an `RddsRecord`. What goes into it is decided in
`publication.redaction`; this module cannot even name the registrant's type.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registries.contact import Role
from registries.delegation import DelegationSigner as RddsDelegationSigner
from registries.policy import Profile

__all__ = [
    "Field",
    "Profile",
    "RddsContact",
    "RddsDelegationSigner",
    "RddsDisclosure",
    "RddsEntity",
    "RddsHost",
    "RddsNameserver",
    "RddsRecord",
    "RddsRegistrar",
]


class Field(StrEnum):
    """A part of a contact, or the id of a domain, that can be withheld (ICANN Registration Data Policy)."""

    REGISTRY_ID = "registry_id"
    NAME = "name"
    ORGANIZATION = "organization"
    STREET = "street"
    CITY = "city"
    # The policy publishes region and country: they are withheld from whom something else was disclosed.
    REGION = "region"
    POSTAL_CODE = "postal_code"
    COUNTRY_CODE = "country_code"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class RddsContact:
    """A contact as published; a withheld part is "" or ().

    Attributes:
        handle: Its repository object id (RFC 5730 section 2.8); "" where it has none or may not be shown.
        phone: E.164 with a leading plus.
        email: Where it is withheld, an address that stands for it, or "".
        contact_uri: Where to write instead, set exactly when there is no e-mail.
        withheld: The parts that exist and are not shown, in the order of `Field`.
    """

    role: Role
    handle: str
    name: str
    organization: str
    street: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country_code: str
    phone: str
    email: str
    contact_uri: str
    withheld: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class RddsRegistrar:
    """The registrar and its abuse contact.

    Attributes:
        iana_id: None for a reseller without one.
        whois_server: Host name of its WHOIS server; "" for none.
        street: Of its office, like the next four.
        phone: Of its office, E.164 with a leading plus.
        email: Of its office.
        terms_url: Page with the terms under which these data are published.
    """

    name: str
    iana_id: int | None
    url: str
    whois_server: str
    street: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country_code: str
    phone: str
    email: str
    abuse_email: str
    abuse_phone: str
    terms_url: str


@dataclass(frozen=True, slots=True)
class RddsNameserver:
    """A name server.

    Attributes:
        name: A-labels, lower case, without a final dot.
        unicode_name: The form for people; equal to `name` where there is no U-label.
        addresses: IPv4 and IPv6 in the form of RFC 5952; with a domain, only of hosts below itself.
    """

    name: str
    unicode_name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RddsDisclosure:
    """Why an answer shows more than the public sees.

    Attributes:
        purpose: One of those that RFC 9560 registers.
        until: When what was granted ends.
    """

    purpose: str
    until: datetime


@dataclass(frozen=True, slots=True)
class RddsRecord:
    """One domain as the public sees it.

    Attributes:
        name: A-label, lower case.
        unicode_name: The form for people; equal to `name` where there is no U-label.
        registry_id: Repository object id (RFC 5730 section 2.8); "" where it is not known.
        contacts: Registrant first; each role once.
        delegation_signed: Whether the parent zone has DS records for it; `ds` may be empty all the same.
        statuses: EPP status names (RFC 5731, RFC 3915).
        expires_at: End of the registration, where known: at the registrar, or with the profile
            `REGISTRY` at the registry.
        withheld: `Field.REGISTRY_ID` where the id of the domain is to be listed as redacted.
        read_at: Age of this view of the database, to the minute.
        disclosure: Set where the record is for one requester, and never in what is published.
        contact_page: Page by which a hidden holder is reached; "" where he is not hidden, or there is none.
    """

    name: str
    unicode_name: str
    registry_id: str
    profile: Profile
    registrar: RddsRegistrar
    contacts: tuple[RddsContact, ...]
    nameservers: tuple[RddsNameserver, ...]
    delegation_signed: bool
    ds: tuple[RddsDelegationSigner, ...]
    statuses: tuple[str, ...]
    registered_at: datetime
    expires_at: datetime | None
    changed_at: datetime
    withheld: tuple[Field, ...]
    read_at: datetime
    disclosure: RddsDisclosure | None = None
    contact_page: str = ""


@dataclass(frozen=True, slots=True)
class RddsHost:
    """A name server that domains held here use, as the public sees it.

    Attributes:
        registrar: Of the domain that the host is below, or else of a domain that uses it.
        read_at: As in `RddsRecord`.
    """

    nameserver: RddsNameserver
    registrar: RddsRegistrar
    read_at: datetime


@dataclass(frozen=True, slots=True)
class RddsEntity:
    """A registrar as the public sees it: RDAP's entity, WHOIS's registrar.

    Attributes:
        read_at: As in `RddsRecord`.
    """

    registrar: RddsRegistrar
    read_at: datetime
