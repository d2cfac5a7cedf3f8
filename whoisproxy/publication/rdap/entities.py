"""Entities (RFC 9083 section 5.1): a domain's contacts, and the registrar in other objects and by itself."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

from registries.contact import Role
from whoisproxy.publication.answer import View
from whoisproxy.publication.rdap.cards import Card, Writer, abuse_card, contact_card, name_card, office_card
from whoisproxy.publication.rdap.jcard import JCARD
from whoisproxy.publication.rdap.jscontact import JSCONTACT
from whoisproxy.publication.rdap.members import (
    CONFORMANCE,
    database_event,
    dumps,
    link,
    self_link,
    written_notices,
)
from whoisproxy.publication.record import RddsContact, RddsEntity, RddsRegistrar

ROLES = {
    Role.REGISTRANT: "registrant",
    Role.ADMIN: "administrative",
    Role.TECH: "technical",
    Role.BILLING: "billing",
}

# The profile's 4.3, of a registrar that IANA does not list, such as a reseller.
_NO_HANDLE = "not applicable"

_WRITERS = {View.RDAP: JCARD, View.JSCONTACT: JSCONTACT}


def entity_json(entity: RddsEntity, base_url: str, view: View = View.RDAP) -> bytes:
    """Return the answer to a query for a registrar (RFC 9082 section 3.1.5).

    Args:
        entity: The registrar.
        base_url: The service as the outside sees it, without a final slash.
        view: How contacts are written.
    """
    registrar = entity.registrar
    url = registrar_url(registrar, base_url)
    document: dict[str, Any] = {"rdapConformance": CONFORMANCE[view]}
    document |= _registrar(registrar, office_card(registrar), base_url, _WRITERS[view])
    document |= {
        "events": [database_event(entity.read_at)],
        "notices": written_notices(registrar.terms_url, url),
    }
    return dumps(document)


def domain_entities(
    registrar: RddsRegistrar, contacts: Sequence[RddsContact], url: str, base_url: str, view: View
) -> list[Any]:
    """Return the registrar and the contacts of the domain at `url`."""
    writer = _WRITERS[view]
    return [
        named_registrar(registrar, base_url, view),
        *(_contact(contact, url, writer) for contact in contacts),
    ]


@lru_cache(maxsize=256)
def named_registrar(registrar: RddsRegistrar, base_url: str, view: View) -> orjson.Fragment:
    """Return the registrar for an object that names it (profile 2.4, 4.3)."""
    written = _registrar(registrar, name_card(registrar), base_url, _WRITERS[view])
    return orjson.Fragment(orjson.dumps(written))


def registrar_url(registrar: RddsRegistrar, base_url: str) -> str:
    """Return where the registrar is asked for: by its IANA id, or by name where it has none."""
    return f"{base_url}/entity/{registrar.iana_id or quote(registrar.name)}"


def _registrar(registrar: RddsRegistrar, card: Card, base_url: str, writer: Writer) -> dict[str, Any]:
    url = registrar_url(registrar, base_url)
    entity: dict[str, Any] = {"objectClassName": "entity", "roles": ["registrar"]}
    # The profile's 2.4.6: `value` is the RDAP service as IANA lists it, whose base URLs end with a slash.
    links = [link(f"{base_url}/", "about", registrar.url)]
    if registrar.iana_id is None:
        entity["handle"] = _NO_HANDLE
    else:
        entity["handle"] = identifier = str(registrar.iana_id)
        entity["publicIds"] = [{"type": "IANA Registrar ID", "identifier": identifier}]
        links.append(self_link(url))
    entity[writer.member] = writer.write(card, url)
    entity["links"] = links
    abuse = writer.write(abuse_card(registrar), f"{url}#abuse")
    entity["entities"] = [{"objectClassName": "entity", "roles": ["abuse"], writer.member: abuse}]
    return entity


def _contact(contact: RddsContact, url: str, writer: Writer) -> dict[str, Any]:
    role = ROLES[contact.role]
    entity: dict[str, Any] = {"objectClassName": "entity", "roles": [role]}
    if contact.handle:
        entity["handle"] = contact.handle
    entity[writer.member] = writer.write(contact_card(contact), f"{url}#{role}")
    return entity
