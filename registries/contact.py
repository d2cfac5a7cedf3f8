"""A contact as registries hold it (RFC 5733), and the roles it plays for a domain (RFC 5731)."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a contact is to a domain (RFC 5731 section 2.2)."""

    REGISTRANT = "registrant"
    ADMIN = "admin"
    TECH = "tech"
    BILLING = "billing"


@dataclass(frozen=True, slots=True)
class Contact:
    """The data of one contact object (RFC 5733 section 2).

    Attributes:
        street: One to three lines.
        region: State or province, "" where there is none.
        country_code: ISO 3166-1 alpha-2, upper case.
        phone: RFC 5733 e164 form, `+41.221234567`; "" where there is none.
    """

    name: str
    organization: str
    street: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country_code: str
    phone: str
    email: str
