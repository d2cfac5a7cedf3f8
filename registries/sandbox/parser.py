"""From a frame's payload to a typed command (RFC 5730 2); the objects' own elements are parsed elsewhere.

It is as strict as the schemas: order, number, length and type of every element and attribute.
"""

import re
from collections.abc import Callable, Mapping

from lxml import etree

from registries.sandbox import contact_parser, dnssec_parser, domain_parser, host_parser
from registries.sandbox.commands import Command, DomainUpdate, Hello, Login, Logout, Poll, Request
from registries.sandbox.protocol import CONTACT, DOMAIN, EPP, HOST, Refusal, RuleBroken
from registries.sandbox.syntax import Node, parse_document

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_VERSION = re.compile(r"[1-9]+\.[0-9]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")

ObjectParser = Callable[[Node], Command]

_OBJECTS: Mapping[str, Mapping[str, ObjectParser]] = {
    CONTACT: contact_parser.COMMANDS,
    DOMAIN: domain_parser.COMMANDS,
    HOST: host_parser.COMMANDS,
}

_TRANSFERS: Mapping[str, Callable[[Node, str], Command]] = {
    CONTACT: contact_parser.transfer,
    DOMAIN: domain_parser.transfer,
}

# The commands of RFC 5730 that are about an object; which of them an object has is in its own table.
_OBJECT_COMMANDS = frozenset({"check", "create", "delete", "info", "renew", "transfer", "update"})
_TRANSFER_OPERATIONS = frozenset({"approve", "cancel", "query", "reject", "request"})


def parse(frame: bytes, *, untyped: bool = False) -> Hello | Request:
    """Return what a client sent; `untyped` also takes a disclose whose name, org and addr have no type.

    Raises:
        Refusal: The only error there is; it carries the clTRID where one could be read.
    """
    root = parse_document(frame)
    if untyped:
        contact_parser.type_disclosure(root)
    try:
        return _epp(Node(root), frame)
    except Refusal as refusal:
        refusal.client_transaction = _client_transaction_of(root)
        raise


def _epp(root: Node, frame: bytes) -> Hello | Request:
    if (root.namespace, root.name) != (EPP, "epp"):
        raise Refusal(2001, "the document is not an epp element of epp-1.0")
    if (hello := root.take("hello")) is not None:
        hello.empty()
        root.end()
        return Hello()
    if (command := root.take("command")) is not None:
        root.end()
        return _command(command, frame)
    raise Refusal(2001, "epp holds neither a command nor a hello")


def _command(node: Node, frame: bytes) -> Request:
    verb = node.any()
    if verb.namespace == EPP and verb.name in _SESSION_COMMANDS:
        command = _SESSION_COMMANDS[verb.name](verb)
    elif verb.namespace == EPP and verb.name in _OBJECT_COMMANDS:
        command = _on_object(verb)
    else:
        raise Refusal(2000, "the command is not one of epp-1.0")
    if (extension := node.take("extension")) is not None:
        command = dnssec_parser.extended(command, extension)
    transaction = node.optional("clTRID", lambda child: child.token(3, 64))
    node.end()
    # RFC 5731 3.2.5: what an update is extended with may be all that it changes.
    if isinstance(command, DomainUpdate) and command == DomainUpdate(command.object_id):
        raise RuleBroken(2003, "domain:update has nothing in domain:add, domain:rem or domain:chg")
    return Request(command, transaction, frame)


def _on_object(verb: Node) -> Command:
    operation = verb.choice("op", _TRANSFER_OPERATIONS) if verb.name == "transfer" else None
    target = verb.any()
    parsers = _OBJECTS.get(target.namespace)
    if parsers is None:
        raise RuleBroken(2307, "the object is of a service that this registry does not have")
    if target.name != verb.name:
        raise RuleBroken(2001, f"{verb.label} holds an element of another command")
    verb.end()
    if operation is not None and target.namespace in _TRANSFERS:
        return _TRANSFERS[target.namespace](target, operation)
    if target.name not in parsers:
        raise Refusal(2101, f"{target.label} is not implemented")
    return parsers[target.name](target)


def _login(node: Node) -> Login:
    client_id = node.need("clID").token(3, 16)
    password = node.need("pw").token(6, 16)
    new_password = node.optional("newPW", lambda child: child.token(6, 16))
    options = node.need("options")
    version = _matching(options.need("version"), _VERSION)
    language = _matching(options.need("lang"), _LANGUAGE)
    options.end()
    services = node.need("svcs")
    objects = _uris(services, "objURI")
    extensions = services.optional("svcExtension", _extensions) or ()
    services.end()
    node.end()
    return Login(client_id, password, new_password, version, language, objects, extensions)


def _extensions(node: Node) -> tuple[str, ...]:
    uris = _uris(node, "extURI")
    node.end()
    return uris


def _uris(node: Node, name: str) -> tuple[str, ...]:
    return tuple(_uri(child) for child in (node.need(name), *node.many(name)))


def _uri(node: Node) -> str:
    value = node.token()
    if not _URI.fullmatch(value):
        # anyURI of XML Schema takes nearly every text.
        raise RuleBroken(2005, f"{node.label} is not a URI with a scheme")
    return value


def _matching(node: Node, pattern: re.Pattern[str]) -> str:
    value = node.token()
    if not pattern.fullmatch(value):
        raise Refusal(2005, f"{node.label} is not in its form")
    return value


def _logout(node: Node) -> Logout:
    node.empty()
    return Logout()


def _poll(node: Node) -> Poll:
    operation = node.choice("op", frozenset({"ack", "req"}))
    message_id = node.attribute("msgID")
    node.bare()
    if operation == "req":
        return Poll()
    if not message_id:
        raise RuleBroken(2003, "an acknowledgement needs the attribute msgID")
    return Poll(message_id)


_SESSION_COMMANDS: Mapping[str, ObjectParser] = {"login": _login, "logout": _logout, "poll": _poll}


def _client_transaction_of(root: etree._Element) -> str | None:
    found = root.find(f"{{{EPP}}}command/{{{EPP}}}clTRID")
    if found is None:
        return None
    try:
        return Node(found).token(3, 64)
    except Refusal:
        return None
