"""What the servers of RDAP and WHOIS ask for and send: questions about objects, and finished answers."""

import gzip
import hashlib
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import NamedTuple

import zstandard

_Grown = Callable[[int], None]

_GZIP_LEVEL = 6
_ZSTD_LEVEL = 9


class View(StrEnum):
    """How an object is written.

    `JSCONTACT` is RDAP whose contacts are JSContact (RFC 9553) in place of jCard.
    """

    RDAP = "rdap"
    JSCONTACT = "jscontact"
    WHOIS = "whois"


class ObjectKind(StrEnum):
    """What is asked for (RFC 9082 section 3.1); WHOIS calls the entity `registrar`."""

    DOMAIN = "domain"
    NAMESERVER = "nameserver"
    ENTITY = "entity"


class Question(NamedTuple):
    """One object in one view; a tuple, because it is made and looked up for each query.

    Attributes:
        name: Of a domain or name server its A-label, lower case, without a final dot; of an entity its
            handle, for WHOIS also the registrar's name, lower case.
    """

    view: View
    kind: ObjectKind
    name: str


class Missing(Enum):
    """An object that is known not to be held here."""

    MISSING = "missing"


MISSING = Missing.MISSING


class Answer:
    """A finished document and its encoded forms, each made when it is first wanted and kept.

    Attributes:
        body: What is sent without a content coding.
        etag: Strong validator of `body` without quotes (RFC 9110 section 8.8.3); "" in WHOIS. The encoded
            forms are other representations and need validators of their own.
        grown: Told by how many octets the answer has grown; None while nobody counts.
    """

    __slots__ = ("_gzip", "_zstd", "body", "etag", "grown")

    def __init__(self, body: bytes, etag: str = "") -> None:
        self.body = body
        self.etag = etag
        self.grown: _Grown | None = None
        self._gzip = self._zstd = b""

    @classmethod
    def tagged(cls, body: bytes) -> "Answer":
        """Return an answer with a validator made from its octets."""
        return cls(body, hashlib.blake2b(body, digest_size=16).hexdigest())

    @property
    def octets(self) -> int:
        """What it holds now, in all forms."""
        return len(self.body) + len(self._gzip) + len(self._zstd)

    def gzip(self) -> bytes:
        """Return the body in gzip (RFC 1952)."""
        if not self._gzip:
            self._gzip = gzip.compress(self.body, _GZIP_LEVEL, mtime=0)
            self._grow(len(self._gzip))
        return self._gzip

    def zstd(self) -> bytes:
        """Return the body in zstd (RFC 8878); the window is within the 8 MiB of RFC 9659."""
        if not self._zstd:
            self._zstd = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(self.body)
            self._grow(len(self._zstd))
        return self._zstd

    def _grow(self, octets: int) -> None:
        if self.grown is not None:
            self.grown(octets)
