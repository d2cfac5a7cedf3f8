"""Show one requester what was granted of the registrant, and nothing more.

Starts from what the public sees. While privacy is on that is the proxy, and of the registrant nothing: then
the card becomes the registrant's, with the granted parts, and all other parts count as withheld whether he
has them or not. So two registrants who agree in what was granted look the same.
"""

from collections.abc import Collection
from dataclasses import replace

from whoisproxy.domain.disclosure import DisclosedField, Grant
from whoisproxy.domain.registrant import Registrant
from whoisproxy.publication.record import Field, RddsContact, RddsDisclosure, RddsRecord

# What can be granted is a part of a contact under the same name.
_GRANTABLE = tuple(Field(field) for field in DisclosedField)


def disclosed_record(public: RddsRecord, registrant: Registrant, grant: Grant, *, hidden: bool) -> RddsRecord:
    """Return what the requester of a grant sees.

    Args:
        public: What all see of the same domain at the same moment.
        registrant: Whom the grant is about.
        grant: Its fields and its purpose; whether it is in force is not looked at here.
        hidden: Whether the public sees the proxy in his place.
    """
    first, *others = public.contacts
    granted = frozenset(Field(field) for field in grant.fields)
    contact = _in_place_of_proxy(first, registrant, granted) if hidden else _added(first, registrant, granted)
    return replace(
        public,
        contacts=(contact, *others),
        disclosure=RddsDisclosure(grant.purpose, grant.expires_at),
    )


def _in_place_of_proxy(proxy: RddsContact, registrant: Registrant, granted: Collection[Field]) -> RddsContact:
    """Return the registrant's card; mail goes on to the relay address unless his own was granted."""
    nothing = replace(
        proxy,
        name="",
        organization="",
        street=(),
        city="",
        region="",
        postal_code="",
        country_code="",
        phone="",
        withheld=(*(field for field in proxy.withheld if field not in _GRANTABLE), *_GRANTABLE),
    )
    return _added(nothing, registrant, granted)


def _added(contact: RddsContact, registrant: Registrant, granted: Collection[Field]) -> RddsContact:
    parts = {str(field): getattr(registrant, field) for field in _GRANTABLE if field in granted}
    withheld = tuple(field for field in contact.withheld if field not in granted)
    contact_uri = "" if Field.EMAIL in granted else contact.contact_uri
    return replace(contact, **parts, contact_uri=contact_uri, withheld=_in_order(withheld))


def _in_order(fields: Collection[Field]) -> tuple[Field, ...]:
    return tuple(field for field in Field if field in fields)
