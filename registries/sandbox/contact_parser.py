"""Parse the commands of the contact mapping (RFC 5733 3, its schema in section 4)."""

import re
from collections.abc import Callable, Mapping
from copy import copy

from lxml import etree

from registries.sandbox.commands import (
    Command,
    ContactCheck,
    ContactCreate,
    ContactDelete,
    ContactInfo,
    ContactTransfer,
    ContactUpdate,
)
from registries.sandbox.countries import COUNTRIES
from registries.sandbox.protocol import CONTACT, Refusal, RuleBroken
from registries.sandbox.syntax import Node
from registries.sandbox.values import Address, Disclosure, Phone, PostalChange, PostalInfo

_KINDS = frozenset({"int", "loc"})
_STATUSES = frozenset(
    f"{who}{what}Prohibited" for who in ("client", "server") for what in ("Delete", "Transfer", "Update")
) | {"linked", "ok", "pendingCreate", "pendingDelete", "pendingTransfer", "pendingUpdate"}
_E164 = re.compile(r"(\+[0-9]{1,3}\.[0-9]{1,14})?")
# One @ with something on both sides and no spaces; RFC 5321 is for who sends the mail.
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)*")
_MAX_EMAIL = 254
_FLAGS = frozenset({"0", "1", "true", "false"})
_MAX_STATUSES = 7
_TYPED = ("name", "org", "addr")


def read_authorization(node: Node) -> str:
    """Return the password of an authInfo element.

    Raises:
        Refusal: 2102 for another kind of authorization.
    """
    if node.take("ext") is not None:
        raise RuleBroken(2102, f"{node.label} of another kind than pw is not implemented")
    password = node.need("pw")
    password.attribute("roid")
    node.end()
    return password.text()


def read_statuses(node: Node, known: frozenset[str], at_most: int) -> frozenset[str]:
    """Return the statuses that follow in an `add` or `rem` element."""
    found: list[str] = []
    for child in node.many("status", at_most=at_most):
        found.append(child.choice("s", known))
        child.attribute("lang")
        child.text()
    if len(set(found)) != len(found):
        raise RuleBroken(2005, f"{node.label} names a status twice")
    return frozenset(found)


def read_ids(node: Node, name: str, read: Callable[[Node], str]) -> tuple[str, ...]:
    """Return the identifiers of a check command, at least one."""
    ids = (read(node.need(name)), *(read(child) for child in node.many(name)))
    node.end()
    return ids


def _id(node: Node) -> str:
    return node.token(3, 16)


def _check(node: Node) -> ContactCheck:
    return ContactCheck(read_ids(node, "id", _id))


def _info(node: Node) -> ContactInfo:
    handle = _id(node.need("id"))
    authorization = node.optional("authInfo", read_authorization)
    node.end()
    return ContactInfo(handle, authorization)


def _delete(node: Node) -> ContactDelete:
    handle = _id(node.need("id"))
    node.end()
    return ContactDelete(handle)


def transfer(node: Node, operation: str) -> ContactTransfer:
    """Return the contact:transfer of an operation."""
    handle = _id(node.need("id"))
    authorization = node.optional("authInfo", read_authorization)
    node.end()
    return ContactTransfer(handle, operation, authorization)


def _create(node: Node) -> ContactCreate:
    command = ContactCreate(
        _id(node.need("id")),
        postal=_postal_infos(node),
        voice=node.optional("voice", _given_phone),
        fax=node.optional("fax", _given_phone),
        email=_email(node.need("email")),
        authorization=read_authorization(node.need("authInfo")),
        disclosure=node.optional("disclose", _disclosure),
    )
    node.end()
    return command


def _update(node: Node) -> ContactUpdate:
    handle = _id(node.need("id"))
    add = node.optional("add", _status_change)
    remove = node.optional("rem", _status_change)
    change = node.take("chg")
    node.end()
    if add is None and remove is None and change is None:
        raise RuleBroken(2003, "contact:update has no contact:add, contact:rem or contact:chg")
    statuses = (add or frozenset(), remove or frozenset())
    if change is None:
        return ContactUpdate(handle, *statuses)
    command = ContactUpdate(
        handle,
        *statuses,
        postal=_distinct([_postal_change(child) for child in change.many("postalInfo", at_most=2)]),
        voice=change.optional("voice", _phone),
        fax=change.optional("fax", _phone),
        email=change.optional("email", _email),
        authorization=change.optional("authInfo", read_authorization),
        disclosure=change.optional("disclose", _disclosure),
    )
    change.end()
    return command


def _status_change(node: Node) -> frozenset[str]:
    statuses = read_statuses(node, _STATUSES, _MAX_STATUSES)
    if not statuses:
        raise Refusal(2003, f"{node.label} has no contact:status")
    node.end()
    return statuses


def _postal_infos(node: Node) -> tuple[PostalInfo, ...]:
    nodes = [node.need("postalInfo"), *node.many("postalInfo", at_most=1)]
    changes = _distinct([_postal_change(child) for child in nodes])
    return tuple(complete_postal(change) for change in changes)


def complete_postal(change: PostalChange) -> PostalInfo:
    """Return the postal info of a change that has all parts one must have.

    Raises:
        Refusal: 2003, name or address is missing.
    """
    if change.name is None or change.address is None:
        missing = "name" if change.name is None else "addr"
        raise RuleBroken(2003, f"contact:postalInfo of type {change.kind} has no contact:{missing}")
    return PostalInfo(change.kind, change.name, change.organization or None, change.address)


def _distinct(changes: list[PostalChange]) -> tuple[PostalChange, ...]:
    if len({change.kind for change in changes}) != len(changes):
        raise RuleBroken(2005, "two contact:postalInfo are of the same type")
    return tuple(changes)


def _postal_change(node: Node) -> PostalChange:
    kind = node.choice("type", _KINDS)
    change = PostalChange(
        kind,
        name=node.optional("name", lambda child: child.line(1, 255)),
        organization=node.optional("org", lambda child: child.line(0, 255)),
        address=node.optional("addr", _address),
    )
    node.end()
    if kind == "int":
        _ascii_only(change)
    return change


def _ascii_only(change: PostalChange) -> None:
    # RFC 5733 2.4: the internationalized form is a subset of UTF-8 in 7-bit US-ASCII.
    texts = [change.name, change.organization]
    if change.address is not None:
        address = change.address
        texts += [*address.street, address.city, address.region, address.postal_code]
    if not all(text is None or text.isascii() for text in texts):
        raise RuleBroken(2005, "contact:postalInfo of type int must be in ASCII")


def _address(node: Node) -> Address:
    street = tuple(child.line(0, 255) for child in node.many("street", at_most=3))
    city = node.need("city").line(1, 255)
    region = node.optional("sp", lambda child: child.line(0, 255))
    postal_code = node.optional("pc", lambda child: child.token(0, 16))
    country = node.need("cc")
    country_code = country.token(2, 2)
    node.end()
    if country_code not in COUNTRIES:
        raise RuleBroken(2005, f"{country.label} must be two upper-case letters of a country (ISO 3166-1)")
    return Address(street, city, region or None, postal_code or None, country_code)


def _phone(node: Node) -> Phone:
    extension = node.attribute("x")
    number = node.token(0, 17)
    if not _E164.fullmatch(number):
        raise Refusal(2005, f"{node.label} must be like +CC.NUMBER (RFC 5733 2.5)")
    return Phone(number, extension)


def _given_phone(node: Node) -> Phone:
    phone = _phone(node)
    # Empty, it takes a number away; a new contact has none.
    if not phone.number:
        raise RuleBroken(2005, f"{node.label} is empty")
    return phone


def _email(node: Node) -> str:
    address = node.token(1)
    if len(address) > _MAX_EMAIL or not _EMAIL.fullmatch(address):
        raise RuleBroken(2005, f"{node.label} is not an address")
    return address


def type_disclosure(root: etree._Element) -> None:
    """Put both forms in the place of each name, org and addr of a disclose element that has no type."""
    for disclose in root.iter(f"{{{CONTACT}}}disclose"):
        for child in list(disclose):
            if etree.QName(child).localname in _TYPED and not child.get("type"):
                child.set("type", "int")
                localized = copy(child)
                localized.set("type", "loc")
                child.addnext(localized)


def _disclosure(node: Node) -> Disclosure:
    flag = node.choice("flag", _FLAGS) in {"1", "true"}
    fields: list[str] = []
    for name in _TYPED:
        for child in node.many(name, at_most=2):
            fields.append(f"{name}:{child.choice('type', _KINDS)}")
            child.bare()
    for name in ("voice", "fax", "email"):
        if (child_or_none := node.take(name)) is not None:
            child_or_none.empty()
            fields.append(name)
    node.end()
    if len(set(fields)) != len(fields):
        raise RuleBroken(2005, f"{node.label} names an element twice")
    return Disclosure(flag, frozenset(fields))


COMMANDS: Mapping[str, Callable[[Node], Command]] = {
    "check": _check,
    "info": _info,
    "create": _create,
    "update": _update,
    "delete": _delete,
}
