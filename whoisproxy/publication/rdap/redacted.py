"""What is withheld, listed by RFC 9537 with the names and methods of the profile (2.2, 2.7)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from registries.contact import Role
from whoisproxy.publication.answer import View
from whoisproxy.publication.rdap.entities import ROLES
from whoisproxy.publication.record import Field, RddsContact

_PREFIXES = {Role.REGISTRANT: "Registrant", Role.ADMIN: "Admin", Role.TECH: "Tech", Role.BILLING: "Billing"}

# Part of a contact -> its name: a registered one, or a description of what no policy withholds.
_NAMES = {
    Field.REGISTRY_ID: "Registry {} ID",
    Field.NAME: "{} Name",
    Field.ORGANIZATION: "{} Organization",
    Field.STREET: "{} Street",
    Field.CITY: "{} City",
    Field.REGION: "{} State/Province",
    Field.POSTAL_CODE: "{} Postal Code",
    Field.COUNTRY_CODE: "{} Country",
    Field.PHONE: "{} Phone",
    Field.EMAIL: "{} Email",
}

_DESCRIBED = frozenset({Field.REGION, Field.COUNTRY_CODE})

# View -> part of a contact -> (method, JSONPath below the contact). JSContact leaves all of them out.
_PATHS: Mapping[View, Mapping[Field, tuple[str, str]]] = {
    View.RDAP: {
        Field.REGISTRY_ID: ("removal", ".handle"),
        Field.NAME: ("emptyValue", ".vcardArray[1][?(@[0]=='fn')][3]"),
        Field.ORGANIZATION: ("removal", ".vcardArray[1][?(@[0]=='org')]"),
        Field.STREET: ("emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][2]"),
        Field.CITY: ("emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][3]"),
        Field.REGION: ("emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][4]"),
        Field.POSTAL_CODE: ("emptyValue", ".vcardArray[1][?(@[0]=='adr')][3][5]"),
        Field.COUNTRY_CODE: ("removal", ".vcardArray[1][?(@[0]=='adr')][1].cc"),
        Field.PHONE: ("removal", ".vcardArray[1][?(@[1].type=='voice')]"),
        Field.EMAIL: ("removal", ".vcardArray[1][?(@[0]=='email')]"),
    },
    View.JSCONTACT: {
        Field.REGISTRY_ID: ("removal", ".handle"),
        Field.NAME: ("removal", ".jscard.name"),
        Field.ORGANIZATION: ("removal", ".jscard.organizations"),
        Field.STREET: ("removal", ".jscard.addresses.addr.components[?(@.kind=='name')]"),
        Field.CITY: ("removal", ".jscard.addresses.addr.components[?(@.kind=='locality')]"),
        Field.REGION: ("removal", ".jscard.addresses.addr.components[?(@.kind=='region')]"),
        Field.POSTAL_CODE: ("removal", ".jscard.addresses.addr.components[?(@.kind=='postcode')]"),
        Field.COUNTRY_CODE: ("removal", ".jscard.addresses.addr.countryCode"),
        Field.PHONE: ("removal", ".jscard.phones.voice"),
        Field.EMAIL: ("removal", ".jscard.emails.email"),
    },
}

# An address may stand in place of an e-mail, and where there is none a page that the record names.
_ADDRESSES = {
    View.RDAP: ".vcardArray[1][?(@[0]=='email')][3]",
    View.JSCONTACT: ".jscard.emails.email.address",
}
_PAGES = {
    View.RDAP: ".vcardArray[1][?(@[0]=='contact-uri')]",
    View.JSCONTACT: ".jscard.links['contact-uri']",
}

_PATH_MEMBERS = {"removal": "prePath", "emptyValue": "postPath"}

_DOMAIN_ID = {"name": {"type": "Registry Domain ID"}, "prePath": "$.handle", "method": "removal"}


def redacted(
    withheld: tuple[Field, ...], contacts: Sequence[RddsContact], view: View
) -> orjson.Fragment | None:
    """Return the list, or None where nothing is withheld.

    Args:
        withheld: Of the domain itself: `Field.REGISTRY_ID` where its id is not shown.
        contacts: Each tells what it withholds.
        view: How the contacts are written, which their paths follow.
    """
    wanting = tuple(
        (contact.role, contact.withheld, _stands_for_email(contact, view)) for contact in contacts
    )
    return _redacted(withheld, wanting, view)


@lru_cache(maxsize=256)
def _redacted(
    withheld: tuple[Field, ...], contacts: tuple[tuple[Role, tuple[Field, ...], str], ...], view: View
) -> orjson.Fragment | None:
    told = [_DOMAIN_ID] if Field.REGISTRY_ID in withheld else []
    for role, fields, instead in contacts:
        told += [_redaction(role, field, view, instead) for field in fields]
    return orjson.Fragment(orjson.dumps(told)) if told else None


def _stands_for_email(contact: RddsContact, view: View) -> str:
    """Return the JSONPath below the contact of what is shown in place of an e-mail, "" for nothing."""
    if contact.email:
        return _ADDRESSES[view]
    return _PAGES[view] if contact.contact_uri else ""


def _redaction(role: Role, field: Field, view: View, instead: str) -> dict[str, Any]:
    entity = f"$.entities[?(@.roles[0]=='{ROLES[role]}')]"
    method, path = _PATHS[view][field]
    kind = "description" if field in _DESCRIBED else "type"
    told: dict[str, Any] = {"name": {kind: _NAMES[field].format(_PREFIXES[role])}}
    if field is Field.EMAIL and instead == _ADDRESSES[view]:
        return told | {"postPath": entity + instead, "method": "replacementValue"}
    told[_PATH_MEMBERS[method]] = entity + path
    if field is Field.EMAIL and instead:
        return told | {"replacementPath": entity + instead, "method": "replacementValue"}
    return told | {"method": method}
