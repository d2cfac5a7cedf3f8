"""Parse the commands of the host mapping, and host names and addresses (RFC 5732 3, its schema in 4)."""

import ipaddress
import re
from collections.abc import Callable, Mapping

import idna

from registries.sandbox.commands import (
    Command,
    HostCheck,
    HostCreate,
    HostDelete,
    HostInfo,
    HostParts,
    HostUpdate,
)
from registries.sandbox.contact_parser import read_ids, read_statuses
from registries.sandbox.protocol import RuleBroken
from registries.sandbox.syntax import Node
from registries.sandbox.values import HostAddress

# RFC 5890 2.3.1: LDH labels; with hyphens in places 3 and 4 only A-labels.
_LABEL = re.compile(r"(?!-)(?!(?!xn)..--)[a-z0-9-]{1,63}(?<!-)")
_MAX_NAME = 253
_STATUSES = frozenset(
    f"{who}{what}Prohibited" for who in ("client", "server") for what in ("Delete", "Update")
) | {"linked", "ok", "pendingCreate", "pendingDelete", "pendingTransfer", "pendingUpdate"}
_MAX_STATUSES = 7


def read_name(node: Node) -> str:
    """Return a domain or host name in lower case (RFC 4343).

    Raises:
        Refusal: 2005, it is not of two or more LDH labels.
    """
    name = node.token(1, 255).lower()
    labels = name.split(".")
    if len(labels) == 1 or len(name) > _MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise RuleBroken(2005, f"{node.label} is not a domain name of ASCII labels")
    if not all(map(_is_sound, labels)):
        raise RuleBroken(2005, f"{node.label} has a label with xn-- that stands for none (RFC 5891 4.4)")
    return name


def _is_sound(label: str) -> bool:
    if not label.startswith("xn--"):
        return True
    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return False
    return True


def read_address(node: Node) -> HostAddress:
    """Return an address in its shortest form.

    Raises:
        Refusal: 2005, it is not an address of that family; 2004, no name server can be reached there.
    """
    family = node.choice("ip", frozenset({"v4", "v6"}), default="v4")
    text = node.token(3, 45)
    # A zone after % has meaning only on one machine.
    if "%" in text:
        raise RuleBroken(2005, f"{node.label} has a zone")
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = (
            ipaddress.IPv4Address(text) if family == "v4" else ipaddress.IPv6Address(text)
        )
    except ValueError:
        raise RuleBroken(2005, f"{node.label} is not an IP{family} address") from None
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
        raise RuleBroken(2004, f"{node.label} is not an address of one machine in the net")
    return family, str(address)


def _check(node: Node) -> HostCheck:
    return HostCheck(read_ids(node, "name", read_name))


def _info(node: Node) -> HostInfo:
    name = read_name(node.need("name"))
    node.end()
    return HostInfo(name)


def _delete(node: Node) -> HostDelete:
    name = read_name(node.need("name"))
    node.end()
    return HostDelete(name)


def _create(node: Node) -> HostCreate:
    name = read_name(node.need("name"))
    addresses = _addresses(node)
    node.end()
    return HostCreate(name, addresses)


def _update(node: Node) -> HostUpdate:
    name = read_name(node.need("name"))
    add = node.optional("add", _parts) or HostParts()
    remove = node.optional("rem", _parts) or HostParts()
    new_name = node.optional("chg", _new_name)
    node.end()
    if add == remove == HostParts() and new_name is None:
        raise RuleBroken(2003, "host:update has nothing in host:add, host:rem or host:chg")
    return HostUpdate(name, add, remove, new_name)


def _parts(node: Node) -> HostParts:
    addresses = _addresses(node)
    statuses = read_statuses(node, _STATUSES, _MAX_STATUSES)
    node.end()
    return HostParts(addresses, statuses)


def _new_name(node: Node) -> str:
    name = read_name(node.need("name"))
    node.end()
    return name


def _addresses(node: Node) -> tuple[HostAddress, ...]:
    found = tuple(read_address(child) for child in node.many("addr"))
    if len(set(found)) != len(found):
        raise RuleBroken(2005, f"{node.label} names an address twice")
    return found


COMMANDS: Mapping[str, Callable[[Node], Command]] = {
    "check": _check,
    "info": _info,
    "create": _create,
    "update": _update,
    "delete": _delete,
}
