"""What the world sees instead of the registrant: one identity per registrar's brand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brand:
    """A registrar's privacy service as it is published.

    Attributes:
        organization: Says what it is: "Privacy service provided by ..." (RAA 2013, P/P specification).
        phone: E.164 with a leading plus.
        terms_url: Public page of the service's terms.
    """

    name: str
    organization: str
    street: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country_code: str
    phone: str
    abuse_email: str
    abuse_phone: str
    terms_url: str


@dataclass(frozen=True, slots=True)
class ProxyIdentity:
    """A brand with one domain's relay address."""

    brand: Brand
    relay_address: str
