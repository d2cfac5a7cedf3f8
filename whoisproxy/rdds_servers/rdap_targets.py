"""What the path of an RDAP query asks for (RFC 9082 section 3)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.publication.answer import ObjectKind, Question, View
from whoisproxy.rdds_servers.queries import host_name

_MAX_HANDLE_CHARACTERS = 255

# Objects and searches of RFC 9082 that a registrar has nothing to say about.
_UNSUPPORTED = frozenset({"autnum", "domains", "entities", "ip", "nameservers"})

# Paths that were read lately are remembered, where they are not too long to be kept.
_REMEMBERED = 16_384
_REMEMBERED_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Target:
    """What a query is about.

    Attributes:
        status: 200 for an object that may exist and for the help; else the HTTP status of the error.
        question: The object, in RDAP's usual view; None for the help and for an error.
    """

    status: int
    question: Question | None = None


HELP = Target(200)


def read_target(path: str) -> Target:
    """Read a path below the base URL, without the slash that follows this.

    Args:
        path: As it was sent, with percent-encoding or raw UTF-8; bytes that are neither as surrogates.
            What follows a question mark does not matter.
    """
    return _remembered(path) if len(path) <= _REMEMBERED_CHARACTERS else _read(path)


def _read(path: str) -> Target:
    segment, slash, rest = path.partition("?")[0].partition("/")
    if segment in _OBJECTS:
        return _object(segment, rest)
    if segment in _UNSUPPORTED:
        return Target(501)
    return HELP if segment == "help" and not slash else Target(404)


_remembered = lru_cache(_REMEMBERED)(_read)


def _object(segment: str, encoded: str) -> Target:
    kind, read = _OBJECTS[segment]
    try:
        text = unquote_to_bytes(encoded).decode() if "%" in encoded or not encoded.isascii() else encoded
        if "*" in text:
            return Target(422)
        return Target(200, Question(View.RDAP, kind, read(text)))
    except (InvalidInput, UnicodeError):
        return Target(400)


def _handle(text: str) -> str:
    if not 0 < len(text) <= _MAX_HANDLE_CHARACTERS or not text.isprintable():
        raise InvalidInput("handle", "is empty, too long or not printable")
    return text


_OBJECTS: dict[str, tuple[ObjectKind, Callable[[str], str]]] = {
    "domain": (ObjectKind.DOMAIN, host_name),
    "nameserver": (ObjectKind.NAMESERVER, host_name),
    "entity": (ObjectKind.ENTITY, _handle),
}
