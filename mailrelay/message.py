"""A message as it came over the wire, with surgery on its header bytes (RFC 5322).

Parsing never fails and loses no octet: `RawMessage.raw` is always what was received. Header fields are
kept as bytes with their folding, so that what we do not touch stays valid under its signature. MIME
structure and encoded words are left to `content` and `rewriting`. Values are decoded when they are asked
for: most of thirty fields never are.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Self

LOOP_HEADER = "X-Whoisproxy-Loop"
"""Stands on every message that we send; one that comes back with it has gone round."""

_MOST_HEADER_OCTETS = 256 * 1024  # what follows is body for us; far beyond what the checks let through
_BLANKS = b" \t"
_LINE_ENDS = b"\r\n"
# RFC 5322 3.6.8: a field name is printable US-ASCII without the colon. Older mail puts spaces before it.
_NAME = re.compile(rb"([!-9;-~]{1,256})[ \t]*")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FOLD = re.compile(r"(?:\r\n|\r|\n)(?=[ \t])")
_FORBIDDEN = re.compile(r"[\r\n\0]")


# A tuple, for it is made for every field of every message, and is so three times faster than a dataclass.
class HeaderField(NamedTuple):
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
        text = _text(raw).strip(" \t\r\n")
        return _FOLD.sub("", text) if "\n" in text or "\r" in text else text

    @classmethod
    def make(cls, name: str, value: str) -> Self:
        """Make a field from an already folded or short value.

        Raises:
            ValueError: The value would end the field or the header.
        """
        if not _field_name(name.encode()) or _FORBIDDEN.search(
            value.replace("\r\n ", "").replace("\r\n\t", "") if "\n" in value else value
        ):
            raise ValueError(f"value of {name} cannot stand in a header")
        return cls(name, f"{name}: {value}\r\n".encode())


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message: all octets, its header fields, and the body after the empty line.

    Fields by name and decoded values are kept once they were asked for.

    Attributes:
        raw: Every octet as received.
        fields: The header in order, trace fields included.
        body: What follows the empty line; untouched.
    """

    raw: bytes
    fields: tuple[HeaderField, ...]
    body: bytes
    _index: dict[str, list[HeaderField]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _values: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Split octets into header fields and body; never raises.

        A line that is neither a field nor a continuation ends the header as an empty line would: whatever
        follows is body, for every program that reads the message. So does a header beyond all use.
        """
        # Nearly always the header ends there; where it ends before, the rest is looked at for nothing.
        end = raw.find(b"\r\n\r\n", 0, _MOST_HEADER_OCTETS)
        head = raw[: _MOST_HEADER_OCTETS if end < 0 else end + 4]
        fields: list[tuple[str, bytes]] = []
        name, start, position, blank = "", 0, 0, 0
        for line in head.splitlines(keepends=True):
            if line[0] not in _BLANKS or not name:
                if name:
                    fields.append((name, head[start:position]))
                octets, colon, _ = line.partition(b":")
                name, start = _field_name(octets) if colon else "", position
                if not name:
                    blank = len(line) if line[0] in _LINE_ENDS else 0
                    break
            position += len(line)
        else:
            if name:
                fields.append((name, head[start:position]))
        return cls(raw, tuple(map(HeaderField._make, fields)), raw[position + blank :])

    @classmethod
    def assemble(cls, fields: Iterable[HeaderField], body: bytes) -> Self:
        """Put a message together; fields without a line end get one."""
        whole = tuple([one if one.raw[-1] in _LINE_ENDS else _ended(one) for one in fields])
        return cls(b"".join([one.raw for one in whole]) + b"\r\n" + body, whole, body)

    def named(self, name: str) -> Sequence[HeaderField]:
        """Return every field of that name, which is given in lower case, in order."""
        index = self._index
        if not index and self.fields:
            for one in self.fields:
                index.setdefault(one.name.lower(), []).append(one)
        return index.get(name, ())

    def all(self, name: str) -> list[str]:
        """Return the unfolded values of every field of that name (any case), in order."""
        return list(self._decoded(name))

    def first(self, name: str) -> str:
        """Return the first value of a field, or the empty string."""
        values = self._decoded(name)
        return values[0] if values else ""

    def count(self, name: str) -> int:
        """Return how many fields of that name there are."""
        return len(self.named(name.lower()))

    def with_first(self, *fields: HeaderField) -> Self:
        """Return the message with fields put before its header, as trace fields are (RFC 5321 4.4)."""
        header = self.raw[: len(self.raw) - len(self.body)]
        if header.endswith(b"\r\n\r\n") and all(one.raw.endswith(b"\r\n") for one in fields):
            # As it stands behind them, nothing needs to be put together again.
            raw = b"".join([one.raw for one in fields]) + self.raw
            return type(self)(raw, (*fields, *self.fields), self.body)
        return self.assemble((*fields, *self.fields), self.body)

    def _decoded(self, name: str) -> tuple[str, ...]:
        values = self._values.get(name)
        if values is None:
            values = tuple([one.value for one in self.named(name.lower())])
            self._values[name] = values
        return values


def canonical_line_ends(raw: bytes) -> bytes:
    """Return the octets with every bare CR or LF made CRLF, as they must be before signing."""
    pairs = raw.count(b"\r\n")
    if raw.count(b"\n") == pairs and raw.count(b"\r") == pairs:
        return raw
    return _LINE_END.sub(b"\r\n", raw)


# Mail has few names of fields, and every message has most of them.
@lru_cache(maxsize=1024)
def _field_name(octets: bytes) -> str:
    """Return what stands before the colon as a name, empty where it is none."""
    found = _NAME.fullmatch(octets)
    return found[1].decode("ascii") if found else ""


def _ended(unended: HeaderField) -> HeaderField:
    return HeaderField(unended.name, unended.raw + b"\r\n")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
