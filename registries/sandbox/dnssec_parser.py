"""Parse what extends domain:create and domain:update with DS records (RFC 5910 5.2, its schema in 4)."""

import re
from dataclasses import replace

from registries.sandbox.commands import Command, DomainCreate, DomainUpdate, DsChange
from registries.sandbox.protocol import SECDNS, Refusal, RuleBroken
from registries.sandbox.syntax import Node
from registries.sandbox.values import DsData

_NUMBER = re.compile(r"[+]?[0-9]{1,40}|-0{1,40}")
_HEX = re.compile(r"([0-9A-Fa-f]{2})*")
_ONE = "this registry has no extension but secDNS-1.1, once in a command"
_TRUE = frozenset({"1", "true"})
_FALSE = frozenset({"0", "false"})
_OCTET = 255
_SHORT = 65535


def extended(command: Command, extension: Node) -> Command:
    """Return a command with what its extension element adds.

    Raises:
        Refusal: 2103 for other extensions, 2102 and 2306 for what a registry need not have.
    """
    found = extension.any()
    if found.namespace != SECDNS:
        raise RuleBroken(2103, _ONE)
    try:
        extension.end()
    except Refusal:
        raise RuleBroken(2103, _ONE) from None
    if isinstance(command, DomainCreate) and found.name == "create":
        return replace(command, ds=_records(found))
    if isinstance(command, DomainUpdate) and found.name == "update":
        return replace(command, ds=_change(found))
    raise RuleBroken(2001, "the element of secDNS-1.1 does not belong to the command")


def _change(node: Node) -> DsChange:
    urgent = node.choice("urgent", _TRUE | _FALSE, default="0")
    remove = node.optional("rem", _removal) or DsChange()
    add = node.optional("add", _records) or ()
    change = node.take("chg")
    node.end()
    if urgent in _TRUE:
        raise RuleBroken(2102, "urgent changes are not implemented")
    if change is not None:
        raise RuleBroken(2102, "secDNS:maxSigLife is not implemented")
    return replace(remove, add=add)


def _removal(node: Node) -> DsChange:
    everything = node.take("all")
    if everything is None:
        return DsChange(remove=_records(node))
    value = everything.token()
    node.end()
    if value not in _TRUE | _FALSE:
        raise Refusal(2005, "secDNS:all is neither true nor false")
    return DsChange(remove_all=value in _TRUE)


def _records(node: Node) -> tuple[DsData, ...]:
    if node.take("maxSigLife") is not None:
        raise RuleBroken(2102, "secDNS:maxSigLife is not implemented")
    if node.take("keyData") is not None:
        raise RuleBroken(2306, "this registry takes secDNS:dsData, not secDNS:keyData")
    found = tuple(_record(child) for child in (node.need("dsData"), *node.many("dsData")))
    node.end()
    if len(set(found)) != len(found):
        raise RuleBroken(2005, f"{node.label} names a DS record twice")
    return found


def _record(node: Node) -> DsData:
    key_tag = _number(node.need("keyTag"), _SHORT)
    algorithm = _number(node.need("alg"), _OCTET)
    digest_type = _number(node.need("digestType"), _OCTET)
    digest = node.need("digest")
    text = digest.token()
    if node.take("keyData") is not None:
        raise RuleBroken(2306, "this registry takes secDNS:dsData without secDNS:keyData")
    node.end()
    if not _HEX.fullmatch(text):
        raise Refusal(2005, f"{digest.label} is not hexadecimal")
    if not text:
        raise RuleBroken(2005, f"{digest.label} is empty")
    return DsData(key_tag, algorithm, digest_type, text.upper())


def _number(node: Node, largest: int) -> int:
    text = node.token()
    if not _NUMBER.fullmatch(text):
        raise Refusal(2005, f"{node.label} is not a number from 0 on")
    if int(text) > largest:
        raise Refusal(2004, f"{node.label} must be at most {largest}")
    return int(text)
