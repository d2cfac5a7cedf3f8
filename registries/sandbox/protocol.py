"""Constants of EPP that the whole sandbox shares: namespaces, result codes (RFC 5730 3), the refusal."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

EPP: Final = "urn:ietf:params:xml:ns:epp-1.0"
CONTACT: Final = "urn:ietf:params:xml:ns:contact-1.0"
DOMAIN: Final = "urn:ietf:params:xml:ns:domain-1.0"
HOST: Final = "urn:ietf:params:xml:ns:host-1.0"
SECDNS: Final = "urn:ietf:params:xml:ns:secDNS-1.1"

PREFIXES: Mapping[str, str] = MappingProxyType(
    {EPP: "epp", CONTACT: "contact", DOMAIN: "domain", HOST: "host", SECDNS: "secDNS"}
)
"""The conventional prefix of each namespace, for what we send and for our messages."""

OBJECTS: Mapping[str, str] = MappingProxyType({"contact": CONTACT, "domain": DOMAIN, "host": HOST})
"""The namespace of each kind of objects, by the name that commands begin with."""

KEYS: Mapping[str, str] = MappingProxyType({CONTACT: "id", DOMAIN: "name", HOST: "name"})
"""The element that identifies an object."""

EXTENSIONS: Final = (SECDNS,)
"""What the greeting offers beside the objects."""

MESSAGES: Mapping[int, str] = MappingProxyType(
    {
        1000: "Command completed successfully",
        1001: "Command completed successfully; action pending",
        1300: "Command completed successfully; no messages",
        1301: "Command completed successfully; ack to dequeue",
        1500: "Command completed successfully; ending session",
        2000: "Unknown command",
        2001: "Command syntax error",
        2002: "Command use error",
        2003: "Required parameter missing",
        2004: "Parameter value range error",
        2005: "Parameter value syntax error",
        2100: "Unimplemented protocol version",
        2101: "Unimplemented command",
        2102: "Unimplemented option",
        2103: "Unimplemented extension",
        2106: "Object is not eligible for transfer",
        2200: "Authentication error",
        2201: "Authorization error",
        2202: "Invalid authorization information",
        2300: "Object pending transfer",
        2301: "Object not pending transfer",
        2302: "Object exists",
        2303: "Object does not exist",
        2304: "Object status prohibits operation",
        2305: "Object association prohibits operation",
        2306: "Parameter value policy error",
        2307: "Unimplemented object service",
        2400: "Command failed",
        2500: "Command failed; server closing connection",
        2501: "Authentication error; server closing connection",
        2502: "Session limit exceeded; server closing connection",
    }
)


class Refusal(Exception):
    """A frame or command that the registry will not carry out.

    Attributes:
        code: EPP result code, 2000-2502; from 2500 on the connection is closed after the answer.
        reason: For the peer; names elements and rules, never a value.
        client_transaction: The clTRID of the refused command where it could be read.
    """

    def __init__(self, code: int, reason: str, *, client_transaction: str | None = None) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.client_transaction = client_transaction


class RuleBroken(Refusal):
    """A frame that the schemas allow, as far as it was read, and that a rule of theirs in words does not.

    The rule is of the RFCs' text (names of LDH labels, ASCII in `int`), or of this registry (extensions,
    kinds of authorization that it does not have).
    """
