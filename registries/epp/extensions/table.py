"""Which extension decides how a registry hides: the first of these tables that the greeting announces.

A namespace stands here when its registry's frames were seen; others get RFC 5733 alone.
"""

from collections.abc import Mapping
from typing import TypeVar

from registries.epp.extensions.afnic import Afnic
from registries.epp.extensions.dns_lu import DnsLu
from registries.epp.extensions.eurid import Eurid
from registries.epp.extensions.fury import FuryContacts, FuryDomains
from registries.epp.extensions.namestore import Namestore
from registries.epp.extensions.norid import Norid
from registries.epp.extensions.privacy import ContactPrivacy, DomainPrivacy, PlainDisclosure
from registries.epp.extensions.registro_it import RegistroIt
from registries.epp.extensions.tango import TangoDomains
from registries.epp.extensions.traficom import Traficom
from registries.epp.frames.base import Extension, Greeting
from registries.epp.markup import (
    AFNIC,
    CORE,
    DNS_LU,
    EURID_1_3,
    EURID_1_4,
    FURY,
    NAMESTORE,
    NORID,
    REGISTRO_IT,
    TANGO,
    TRAFICOM,
)

_CONTACTS: dict[str, ContactPrivacy] = {
    AFNIC: Afnic(),
    EURID_1_4: Eurid(EURID_1_4),
    EURID_1_3: Eurid(EURID_1_3),
    REGISTRO_IT: RegistroIt(),
    FURY: FuryContacts(),
    NORID: Norid(),
    DNS_LU: DnsLu(),
    TRAFICOM: Traficom(),
}
_DOMAINS: dict[str, DomainPrivacy] = {
    FURY: FuryDomains(),
    TANGO: TangoDomains(TANGO),
    CORE: TangoDomains(CORE),
}
_PLAIN = PlainDisclosure()

WayT = TypeVar("WayT")


def contact_privacy(greeting: Greeting) -> ContactPrivacy:
    """Return how this registry hides a contact."""
    return _announced(_CONTACTS, greeting) or _PLAIN


def domain_privacy(greeting: Greeting) -> DomainPrivacy | None:
    """Return how this registry hides the contacts of one domain; None where only contacts are hidden."""
    return _announced(_DOMAINS, greeting)


def routing(greeting: Greeting, domain: str) -> tuple[Extension, ...]:
    """Return what goes with every command about `domain` and its contacts."""
    return (Namestore.of(domain),) if NAMESTORE in greeting.extension_uris and domain else ()


def _announced(ways: Mapping[str, WayT], greeting: Greeting) -> WayT | None:
    return next((way for uri, way in ways.items() if uri in greeting.extension_uris), None)
