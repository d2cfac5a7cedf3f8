"""Contacts as jCards (RFC 7095), with the country as a code (RFC 8605 section 3.1) and the TIG's shapes."""

from typing import Any

from whoisproxy.publication.rdap.cards import Card, Postal, Writer


def _write(card: Card, about: str) -> list[Any]:  # noqa: ARG001 - a jCard needs no identity of its own
    lines = [_text("version", "4.0"), _text("fn", card.name)]
    if card.organization is not None:
        lines.append(_text("org", card.organization))
    if card.address is not None:
        lines.append(_adr(card.address))
    if card.phone:
        lines.append(["tel", {"type": "voice"}, "uri", f"tel:{card.phone}"])
    if card.email:
        lines.append(_text("email", card.email))
    if card.contact_uri:
        lines.append(["contact-uri", {}, "uri", card.contact_uri])
    if card.url:
        lines.append(["url", {}, "uri", card.url])
    return ["vcard", lines]


def _text(name: str, value: str) -> list[Any]:
    return [name, {}, "text", value]


def _adr(address: Postal) -> list[Any]:
    """Return the address: seven components (RFC 6350 section 6.3.1), several street lines as a list."""
    lines = address.street
    street: str | list[str] = list(lines) if len(lines) > 1 else "".join(lines)
    value = ["", "", street, address.city, address.region, address.postal_code, ""]
    return ["adr", {"cc": address.country_code} if address.country_code else {}, "text", value]


JCARD = Writer("vcardArray", _write)
