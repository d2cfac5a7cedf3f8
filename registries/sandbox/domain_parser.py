"""Parse the commands of the domain mapping (RFC 5731 3, its schema in section 4)."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from registries.contact import Role
from registries.sandbox.commands import (
    Command,
    DomainCheck,
    DomainCreate,
    DomainDelete,
    DomainInfo,
    DomainParts,
    DomainRenew,
    DomainTransfer,
    DomainUpdate,
)
from registries.sandbox.contact_parser import read_authorization, read_ids, read_statuses
from registries.sandbox.host_parser import read_address, read_name
from registries.sandbox.protocol import Refusal, RuleBroken
from registries.sandbox.syntax import Node
from registries.sandbox.values import Nameserver

_STATUSES = frozenset(
    f"{who}{what}Prohibited"
    for who in ("client", "server")
    for what in ("Delete", "Renew", "Transfer", "Update")
) | {
    *("clientHold", "serverHold", "inactive", "ok"),
    *("pendingCreate", "pendingDelete", "pendingRenew", "pendingTransfer", "pendingUpdate"),
}
_CONTACT_TYPES = frozenset({"admin", "billing", "tech"})
_HOSTS = frozenset({"all", "del", "none", "sub"})
_DIGITS = re.compile(r"\+?[0-9]{1,40}")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_MAX_STATUSES = 11
_MAX_PERIOD = 99
_MONTHS_PER_YEAR = 12


def _check(node: Node) -> DomainCheck:
    return DomainCheck(read_ids(node, "name", read_name))


def _info(node: Node) -> DomainInfo:
    name = node.need("name")
    hosts = name.choice("hosts", _HOSTS, default="all")
    domain = read_name(name)
    authorization = node.optional("authInfo", read_authorization)
    node.end()
    return DomainInfo(domain, hosts, authorization)


def _delete(node: Node) -> DomainDelete:
    domain = read_name(node.need("name"))
    node.end()
    return DomainDelete(domain)


def _create(node: Node) -> DomainCreate:
    domain = read_name(node.need("name"))
    months = node.optional("period", _months)
    nameservers = node.optional("ns", _nameservers)
    registrant = node.optional("registrant", lambda child: child.token(3, 16))
    contacts = _contacts(node)
    authorization = read_authorization(node.need("authInfo"))
    node.end()
    if registrant is not None:
        contacts = ((Role.REGISTRANT, registrant), *contacts)
    return DomainCreate(domain, months or _MONTHS_PER_YEAR, nameservers or (), contacts, authorization)


def _renew(node: Node) -> DomainRenew:
    domain = read_name(node.need("name"))
    current_expiry = _date(node.need("curExpDate"))
    months = node.optional("period", _months)
    node.end()
    return DomainRenew(domain, current_expiry, months or _MONTHS_PER_YEAR)


def transfer(node: Node, operation: str) -> DomainTransfer:
    """Return the domain:transfer of an operation."""
    domain = read_name(node.need("name"))
    months = node.optional("period", _months)
    authorization = node.optional("authInfo", read_authorization)
    node.end()
    return DomainTransfer(domain, operation, authorization, months)


def _update(node: Node) -> DomainUpdate:
    domain = read_name(node.need("name"))
    add = node.optional("add", _parts) or DomainParts()
    remove = node.optional("rem", _parts) or DomainParts()
    registrant, authorization = node.optional("chg", _change) or (None, None)
    node.end()
    return DomainUpdate(domain, add, remove, registrant, authorization)


def _change(node: Node) -> tuple[str | None, str | None]:
    registrant = node.optional("registrant", _nullable_id)
    authorization = node.optional("authInfo", _nullable_authorization)
    node.end()
    return registrant, authorization


def _nullable_id(node: Node) -> str:
    value = node.token(0, 16)
    if value and len(value) < 3:  # noqa: PLR2004 - the lower bound of clIDType
        raise RuleBroken(2005, f"{node.label} must be empty or of 3 to 16 characters")
    return value


def _nullable_authorization(node: Node) -> str:
    null = node.take("null")
    if null is None:
        return read_authorization(node)
    null.empty()
    node.end()
    return ""


def _parts(node: Node) -> DomainParts:
    nameservers = node.optional("ns", _nameservers)
    contacts = _contacts(node)
    statuses = read_statuses(node, _STATUSES, _MAX_STATUSES)
    node.end()
    return DomainParts(nameservers or (), contacts, statuses)


def _contacts(node: Node) -> tuple[tuple[Role, str], ...]:
    found = [(_role(child), child.token(3, 16)) for child in node.many("contact")]
    if len(set(found)) != len(found):
        raise RuleBroken(2005, f"{node.label} names a contact twice")
    return tuple(found)


def _role(node: Node) -> Role:
    # The schema lets the type away; without it nobody knows what the contact is for.
    kind = node.choice("type", _CONTACT_TYPES, default="")
    if not kind:
        raise RuleBroken(2003, f"{node.label} has no attribute type")
    return Role(kind)


def _nameservers(node: Node) -> tuple[Nameserver, ...]:
    found = [Nameserver(read_name(child)) for child in node.many("hostObj")]
    if not found:
        found = [_host_attribute(child) for child in (node.need("hostAttr"), *node.many("hostAttr"))]
    node.end()
    if len({nameserver.name for nameserver in found}) != len(found):
        raise RuleBroken(2005, f"{node.label} names a host twice")
    return tuple(found)


def _host_attribute(node: Node) -> Nameserver:
    name = read_name(node.need("hostName"))
    addresses = tuple(read_address(child) for child in node.many("hostAddr"))
    node.end()
    return Nameserver(name, addresses)


def _months(node: Node) -> int:
    unit = node.choice("unit", frozenset({"y", "m"}))
    text = node.token()
    if not _DIGITS.fullmatch(text):
        raise Refusal(2005, f"{node.label} is not a number")
    if not 1 <= int(text) <= _MAX_PERIOD:
        raise Refusal(2004, f"{node.label} must be from 1 to {_MAX_PERIOD}")
    return int(text) * (_MONTHS_PER_YEAR if unit == "y" else 1)


def _date(node: Node) -> date:
    match = _DATE.fullmatch(node.token())
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise RuleBroken(2005, f"{node.label} is not a date like 2026-01-31") from None


COMMANDS: Mapping[str, Callable[[Node], Command]] = {
    "check": _check,
    "info": _info,
    "create": _create,
    "update": _update,
    "delete": _delete,
    "renew": _renew,
}
