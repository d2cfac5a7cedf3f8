"""Disclosure: a registrar lets one requester see chosen data of one domain's registrant, for a time.

What is disclosed to one requester is not published: a grant changes nothing in the domain's privacy, and
all others go on seeing what they saw.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from typing import Final

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.registrant import mailbox

LONGEST: Final = timedelta(days=90)
"""How long a grant may be in force."""

MOST_IN_FORCE: Final = 50
"""Grants that a domain may have at one time."""

_PREFIX_V4, _PREFIX_V6 = 24, 56  # one customer of a network, as the limits of queries have it


class Purpose(StrEnum):
    """What registration data are asked for: the query purposes that RFC 9560 registers (section 9.3)."""

    DOMAIN_NAME_CONTROL = "domainNameControl"
    PERSONAL_DATA_PROTECTION = "personalDataProtection"
    TECHNICAL_ISSUE_RESOLUTION = "technicalIssueResolution"
    DOMAIN_NAME_CERTIFICATION = "domainNameCertification"
    INDIVIDUAL_INTERNET_USE = "individualInternetUse"
    BUSINESS_DOMAIN_NAME_PURCHASE_OR_SALE = "businessDomainNamePurchaseOrSale"
    ACADEMIC_PUBLIC_INTEREST_DNS_RESEARCH = "academicPublicInterestDNSResearch"
    LEGAL_ACTIONS = "legalActions"
    REGULATORY_AND_CONTRACT_ENFORCEMENT = "regulatoryAndContractEnforcement"
    CRIMINAL_INVESTIGATION_AND_DNS_ABUSE_MITIGATION = "criminalInvestigationAndDNSAbuseMitigation"
    DNS_TRANSPARENCY = "dnsTransparency"


UNTOLD_IN_FORCE = frozenset({Purpose.CRIMINAL_INVESTIGATION_AND_DNS_ABUSE_MITIGATION})
"""Purposes of which the owner is told when the grant is over, `LONGEST` later at most: who is investigated
must not be warned."""


class DisclosedField(StrEnum):
    """A part of the registrant that can be granted, by its name in `Registrant`."""

    NAME = "name"
    ORGANIZATION = "organization"
    STREET = "street"
    CITY = "city"
    REGION = "region"
    POSTAL_CODE = "postal_code"
    COUNTRY_CODE = "country_code"
    PHONE = "phone"
    EMAIL = "email"


class Ending(StrEnum):
    """Why a grant is over."""

    REVOKED = "revoked"  # by the registrar
    EXPIRED = "expired"
    HOLDER_CHANGED = "holder_changed"  # the registrant whom it was about is erased
    DOMAIN_DELETED = "domain_deleted"
    TRANSFERRED_AWAY = "transferred_away"  # the domain went to another registrar


@dataclass(frozen=True, slots=True, repr=False)
class Requester:
    """Who may look: a person, so it is stored sealed and shown to the registrar alone.

    Attributes:
        organization: "" for a natural person.
        email: "" where none was given.
    """

    name: str
    organization: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return "<Requester, not shown>"


@dataclass(frozen=True, slots=True)
class Grant:
    """That one requester may see some data of a domain's registrant.

    Attributes:
        domain: A-label; kept when the domain is gone.
        registrant_id: Whose data they are: a later holder's are not.
        fields: In the order of `DisclosedField`, each once.
        reason: On what the registrar decided, such as the number of a court order; stored sealed.
        ended_at: None until it was ended; one that has expired may not have been yet.
        looks: How often it was used.
    """

    id: str
    registrar_id: str
    domain_id: str
    domain: str
    registrant_id: str
    purpose: Purpose
    fields: tuple[DisclosedField, ...]
    requester: Requester
    reason: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    ending: Ending | None = None
    looks: int = 0

    def in_force(self, now: datetime) -> bool:
        """Whether it may be used."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class GrantSpec:
    """What a registrar decides about a requester.

    Raises:
        InvalidInput: `fields` or the requester's name is empty, or his mailbox is none.
    """

    requester: Requester
    purpose: Purpose
    fields: Collection[DisclosedField]
    reason: str = field(repr=False)
    expires_at: datetime

    def __post_init__(self) -> None:
        if not self.fields:
            raise InvalidInput("fields", "must name at least one")
        if not self.requester.name.strip():
            raise InvalidInput("requester.name", "is required")
        if self.requester.email:
            mailbox(self.requester.email, "requester.email")


@dataclass(frozen=True, slots=True)
class Look:
    """One use of a grant: who got what when.

    Attributes:
        fields: What the answer disclosed.
        network: Of the requester, /24 (IPv4) or /56 (IPv6), "" where it was not known; stored sealed.
    """

    id: str
    grant_id: str
    at: datetime
    fields: tuple[DisclosedField, ...]
    network: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnersLook:
    """A look as the owner is told of it: of which domain and what for, not by whom.

    Attributes:
        domain: A-label.
    """

    domain: str
    purpose: Purpose
    look: Look


def checked_end(expires_at: datetime, now: datetime) -> datetime:
    """Return when a grant made now may expire, or raise InvalidInput."""
    if not now < expires_at <= now + LONGEST:
        raise InvalidInput("expires_at", f"must be in the future, at most {LONGEST.days} days from now")
    return expires_at


def network_of(address: str) -> str:
    """Return an address's network in CIDR, "" for what is none; an IPv4-mapped one counts as IPv4."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(ip, IPv4Address):
        if ip.ipv4_mapped is None:
            return str(IPv6Network((int(ip), _PREFIX_V6), strict=False))
        ip = ip.ipv4_mapped
    return str(IPv4Network((int(ip), _PREFIX_V4), strict=False))
