"""Contacts as JSContact cards (RFC 9553), named in RDAP by draft-ietf-regext-rdap-jscontact.

A part that is withheld has no member here: JSContact needs no empty values.
"""

import uuid
from typing import Any

from whoisproxy.publication.rdap.cards import Card, Postal, Writer


def _write(card: Card, about: str) -> dict[str, Any]:
    written: dict[str, Any] = {"@type": "Card", "version": "1.0", "uid": _uid(about)}
    if card.name:
        written["name"] = {"full": card.name}
    if card.organization:
        written["organizations"] = {"org": {"name": card.organization}}
    if card.address is not None and (address := _address(card.address)):
        written["addresses"] = {"addr": address}
    if card.phone:
        written["phones"] = {"voice": {"features": {"voice": True}, "number": f"tel:{card.phone}"}}
    if card.email:
        written["emails"] = {"email": {"address": card.email}}
    links = {"contact-uri": {"kind": "contact", "uri": card.contact_uri}} if card.contact_uri else {}
    if card.url:
        links["url"] = {"uri": card.url}
    return written | ({"links": links} if links else {})


def _uid(about: str) -> str:
    """Return an id that stays as long as the URI does, and that ties no two objects to one person."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, about)}"


def _address(address: Postal) -> dict[str, Any]:
    """Return the address (RFC 9553 section 2.5.1); a line of the street has the kind `name`."""
    parts = [("name", line) for line in address.street]
    parts += [("locality", address.city), ("region", address.region), ("postcode", address.postal_code)]
    components = [{"kind": kind, "value": value} for kind, value in parts if value]
    country = {"countryCode": address.country_code} if address.country_code else {}
    return country | ({"components": components} if components else {})


JSCONTACT = Writer("jscard", _write)
