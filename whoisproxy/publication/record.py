"""What the public may see of a domain: strings and times, nothing else.

RDAP and WHOIS are both rendered from an `RddsRecord`. What goes into it is decided in
`publication.redaction`; this module cannot even name the registrant's type.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registries.contact import Role


class Field(StrEnum):
    """A part of a contact that can be withheld (ICANN Registration Data Policy)."""

    REGISTRY_ID = "registry_id"
    NAME = "name"
    ORGANIZATION = "organization"
    STREET = "street"
    CITY = "city"
    POSTAL_CODE = "postal_code"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class RddsContact:
    """A contact as published; a withheld part is "" or ().

    Attributes:
        phone: E.164 with a leading plus.
        contact_uri: Where to write instead, set exactly when the e-mail is withheld.
        withheld: The parts that exist and are not shown, in the order of `Field`.
    """

    role: Role
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
        terms_url: Page with the terms under which these data are published.
    """

    name: str
    iana_id: int | None
    url: str
    abuse_email: str
    abuse_phone: str
    terms_url: str


@dataclass(frozen=True, slots=True)
class RddsRecord:
    """One domain as the public sees it.

    Attributes:
        name: A-label, lower case.
        unicode_name: The form for people; equal to `name` where there is no U-label.
        contacts: Registrant first; each role once.
        statuses: EPP status names (RFC 5731, RFC 3915).
        expires_at: End of the registration at the registrar, where known.
        read_at: Age of this view of the database, to the minute.
    """

    name: str
    unicode_name: str
    registrar: RddsRegistrar
    contacts: tuple[RddsContact, ...]
    nameservers: tuple[str, ...]
    statuses: tuple[str, ...]
    registered_at: datetime
    expires_at: datetime | None
    changed_at: datetime
    read_at: datetime
