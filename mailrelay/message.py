"""A message as it came over the wire, with surgery on its header bytes (RFC 5322).

Parsing never fails and loses no octet: `RawMessage.raw` is always what was received. Header fields are
kept as bytes with their folding, so that what we do not touch stays valid under its signature. MIME
structure and encoded words are left to `content` and `rewriting`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

LOOP_HEADER = "X-Whoisproxy-Loop"
"""Stands on every message that we send; one that comes back with it has gone round."""

# RFC 5322 3.6.8: a field name is printable US-ASCII without the colon. Older mail puts spaces before it.
_FIELD = re.compile(rb"([!-9;-~]{1,256})[ \t]*:")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FOLD = re.compile(r"(?:\r\n|\r|\n)(?=[ \t])")


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One header field.

    Attributes:
        name: As written, without the colon; empty for a line that is no field at all.
        raw: Name, colon, value with its folding, and the final line end.
    """

    name: str
    raw: bytes

    @property
    def value(self) -> str:
        """The unfolded value: UTF-8 where it is that (RFC 6532), else Latin-1; outer blanks removed."""
        raw = self.raw[self.raw.index(b":") + 1 :] if self.name else self.raw
        return _FOLD.sub("", _text(raw)).strip(" \t\r\n")

    @classmethod
    def make(cls, name: str, value: str) -> Self:
        """Make a field from an already folded or short value.

        Raises:
            ValueError: The value would end the field or the header.
        """
        raw = f"{name}: {value}\r\n".encode()
        if _FIELD.match(raw) is None or re.search(r"[\r\n\0]", re.sub(r"\r\n(?=[ \t])", "", value)):
            raise ValueError(f"value of {name} cannot stand in a header")
        return cls(name, raw)


# No slots here: the index is made once, when first asked for.
@dataclass(frozen=True)
class RawMessage:
    """A message: all octets, its header fields, and the body after the empty line.

    Attributes:
        raw: Every octet as received.
        fields: The header in order, trace fields included.
        body: What follows the empty line; untouched.
    """

    raw: bytes
    fields: tuple[HeaderField, ...]
    body: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Split octets into header fields and body; never raises.

        A line that is neither a field nor a continuation ends the header as an empty line would: whatever
        follows is body, for every program that reads the message.
        """
        fields: list[HeaderField] = []
        position = 0
        while position < len(raw):
            end = _line_end(raw, position)
            line = raw[position:end]
            if not line.strip(b"\r\n"):
                return cls(raw, tuple(fields), raw[end:])
            found = _FIELD.match(line)
            if found is None:
                return cls(raw, tuple(fields), raw[position:])
            while end < len(raw) and raw[end : end + 1] in {b" ", b"\t"}:
                end = _line_end(raw, end)
            fields.append(HeaderField(found[1].decode("ascii"), raw[position:end]))
            position = end
        return cls(raw, tuple(fields), b"")

    @classmethod
    def assemble(cls, fields: Iterable[HeaderField], body: bytes) -> Self:
        """Put a message together; fields without a line end get one."""
        whole = tuple(_ended(field) for field in fields)
        return cls(b"".join(field.raw for field in whole) + b"\r\n" + body, whole, body)

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for field in self.fields:
            index.setdefault(field.name.lower(), []).append(field.value)
        return index

    def all(self, name: str) -> list[str]:
        """Return the unfolded values of every field of that name (any case), in order."""
        return list(self._index.get(name.lower(), ()))

    def first(self, name: str) -> str:
        """Return the first value of a field, or the empty string."""
        return next(iter(self._index.get(name.lower(), ())), "")

    def count(self, name: str) -> int:
        """Return how many fields of that name there are."""
        return len(self._index.get(name.lower(), ()))

    def with_first(self, *fields: HeaderField) -> Self:
        """Return the message with fields put before its header, as trace fields are (RFC 5321 4.4)."""
        return self.assemble((*fields, *self.fields), self.body)


def canonical_line_ends(raw: bytes) -> bytes:
    """Return the octets with every bare CR or LF made CRLF, as they must be before signing."""
    return _LINE_END.sub(b"\r\n", raw)


def _line_end(raw: bytes, start: int) -> int:
    found = _LINE_END.search(raw, start)
    return found.end() if found else len(raw)


def _ended(field: HeaderField) -> HeaderField:
    return field if field.raw.endswith((b"\r", b"\n")) else HeaderField(field.name, field.raw + b"\r\n")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
