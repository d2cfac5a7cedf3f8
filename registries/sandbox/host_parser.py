"""Parse the commands of the host mapping that the sandbox has, and host names and addresses (RFC 5732)."""

import ipaddress
import re
from collections.abc import Callable, Mapping

from registries.sandbox.commands import Command, HostCheck, HostInfo
from registries.sandbox.contact_parser import read_ids
from registries.sandbox.protocol import Refusal
from registries.sandbox.syntax import Node

# RFC 5890 2.3.1: LDH labels; with hyphens in places 3 and 4 only those that begin as A-labels.
_LABEL = re.compile(r"(?!-)(?!(?!xn)..--)[a-z0-9-]{1,63}(?<!-)")
_MAX_NAME = 253


def read_name(node: Node) -> str:
    """Return a domain or host name in lower case (RFC 4343).

    Raises:
        Refusal: 2005, it is not of two or more LDH labels.
    """
    name = node.token(1, 255).lower()
    labels = name.split(".")
    if len(labels) == 1 or len(name) > _MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise Refusal(2005, f"{node.label} is not a domain name of ASCII labels")
    return name


def read_address(node: Node) -> tuple[str, str]:
    """Return (`v4` or `v6`, address in its shortest form).

    Raises:
        Refusal: 2005, it is not an address of that family.
    """
    family = node.choice("ip", frozenset({"v4", "v6"}), default="v4")
    text = node.token(3, 45)
    # A zone after % has meaning only on one machine.
    if "%" in text:
        raise Refusal(2005, f"{node.label} has a zone")
    try:
        address = ipaddress.IPv4Address(text) if family == "v4" else ipaddress.IPv6Address(text)
    except ValueError:
        raise Refusal(2005, f"{node.label} is not an IP{family} address") from None
    return family, str(address)


def _check(node: Node) -> HostCheck:
    return HostCheck(read_ids(node, "name", read_name))


def _info(node: Node) -> HostInfo:
    name = read_name(node.need("name"))
    node.end()
    return HostInfo(name)


COMMANDS: Mapping[str, Callable[[Node], Command]] = {"check": _check, "info": _info}
