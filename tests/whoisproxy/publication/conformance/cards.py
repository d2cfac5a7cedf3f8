"""Read contacts back from jCards (RFC 7095) and JSContact cards (RFC 9553)."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from whoisproxy.publication.answer import View

# JSContact object -> members that we write, of those that RFC 9553 knows.
_CARD = {"@type", "version", "uid", "name", "organizations", "addresses", "phones", "emails", "links"}
_KINDS = {"name", "locality", "region", "postcode"}


def read_jcard(entity: Any) -> dict[str, Any]:
    """Return the contact of an entity with a jCard; what is missing is "" or []."""
    lines = {line[0]: line for line in entity["vcardArray"][1]}

    def value(name: str) -> Any:
        return lines[name][3] if name in lines else ""

    _, parameters, _, address = lines["adr"]
    street = [address[2]] if isinstance(address[2], str) else address[2]
    return {
        "handle": entity.get("handle", ""),
        "name": value("fn"),
        "organization": value("org"),
        "street": [line for line in street if line],
        "city": address[3],
        "region": address[4],
        "postal_code": address[5],
        "country_code": parameters["cc"],
        "phone": value("tel").removeprefix("tel:"),
        "email": value("email"),
        "contact_uri": value("contact-uri"),
    }


def read_jscontact(entity: Any) -> dict[str, Any]:
    """Return the same of an entity with a JSContact card, whose form is checked on the way."""
    card = entity["jscard"]
    check_jscontact(card)
    address = card["addresses"]["addr"]

    def parts(kind: str) -> list[str]:
        return [one["value"] for one in address.get("components", []) if one["kind"] == kind]

    return {
        "handle": entity.get("handle", ""),
        "name": card.get("name", {}).get("full", ""),
        "organization": card.get("organizations", {}).get("org", {}).get("name", ""),
        "street": parts("name"),
        "city": "".join(parts("locality")),
        "region": "".join(parts("region")),
        "postal_code": "".join(parts("postcode")),
        "country_code": address["countryCode"],
        "phone": card.get("phones", {}).get("voice", {}).get("number", "").removeprefix("tel:"),
        "email": card.get("emails", {}).get("email", {}).get("address", ""),
        "contact_uri": card.get("links", {}).get("contact-uri", {}).get("uri", ""),
    }


def check_jscontact(card: Any) -> None:
    """Assert the form of RFC 9553: type, version, an id, known members, keyed by ids, nothing empty."""
    assert (card["@type"], card["version"]) == ("Card", "1.0")
    UUID(card["uid"].removeprefix("urn:uuid:"))
    assert set(card) <= _CARD
    for name in ("organizations", "addresses", "phones", "emails", "links"):
        assert all(re.fullmatch("[A-Za-z0-9_-]{1,255}", key) for key in card.get(name, {}))
        assert card.get(name, {"": 0})
    for address in card.get("addresses", {}).values():
        assert set(address) <= {"components", "countryCode"}
        assert all(set(one) == {"kind", "value"} for one in address.get("components", []))
        assert {one["kind"] for one in address.get("components", [])} <= _KINDS
    for phone in card.get("phones", {}).values():
        assert phone["features"] == {"voice": True}
        assert phone["number"].startswith("tel:+")
    assert _texts(card)


def _texts(node: Any) -> bool:
    if isinstance(node, dict | list):
        return all(map(_texts, node.values() if isinstance(node, dict) else node))
    return bool(node)


READERS: dict[View, Callable[[Any], dict[str, Any]]] = {
    View.RDAP: read_jcard,
    View.JSCONTACT: read_jscontact,
}
