"""Find the leaf parts of a message (MIME, RFC 2045-2046), with bounds on parts and depth.

Octets are split here, level by level and never recursively, because `email` makes an object of every line and
field on its way; what a Content-Type or a transfer encoding means is left to `email`, under `compat32`, the
policy that takes any octets. Like that parser it lets a delimiter of an outer level end what is inside.
"""

import re
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mailrelay.message import RawMessage
from mailrelay.mime_parsing import MimePart

MAX_PARTS = 100
MAX_DEPTH = 12

_PARSED_OCTETS = 512 * 1024  # spam that hides behind half a megabyte of something else is not what we score
_FIRST_OCTETS = 64
_MOST_DELIMITERS = 10 * MAX_PARTS  # octets like a delimiter, real or not; each costs a look
_REST_OF_LINE = re.compile(rb"[ \t]*+(?:\r\n|\r|\n|\Z)")
_IDENTITY = frozenset({"", "7bit", "8bit", "binary"})


@dataclass(frozen=True, slots=True)
class ContentType:
    """What a Content-Type field says (RFC 2045 section 5).

    Attributes:
        kind: `type/subtype` in lower case.
        boundary: Empty where there is none.
        charset: In lower case; `utf-8` where none is given, or plain ASCII.
    """

    kind: str
    boundary: str
    charset: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that is no container."""

    part: RawMessage
    type: ContentType

    @property
    def is_file(self) -> bool:
        """Whether it asks to be kept as a file (RFC 2183)."""
        return self.part.first("Content-Disposition").lower().startswith("attachment")

    @property
    def is_crowded(self) -> bool:
        """Whether it is a container of more parts than are read, or made to look like one."""
        return bool(self.delimiter) and self.part.body.count(self.delimiter) > _MOST_DELIMITERS

    @property
    def delimiter(self) -> bytes:
        """What the lines between its parts begin with (RFC 2046 section 5.1.1); empty where it has none."""
        if not self.type.boundary or not self.type.kind.startswith("multipart/"):
            return b""
        return b"--" + self.type.boundary.encode("utf-8", "surrogateescape")

    @property
    def file_name(self) -> str:
        """The name it gives itself, not decoded; may be empty."""
        return _headers(self.part, "Content-Type", "Content-Disposition").file_name

    def first_octets(self) -> bytes:
        """Return a few octets of the file, by which its kind is known; empty where that fails."""
        encoding = self.part.first("Content-Transfer-Encoding").lower()
        if encoding != "base64":
            return self.part.body[:_FIRST_OCTETS]
        encoded = b"".join(self.part.body[: 2 * _FIRST_OCTETS].split())[:_FIRST_OCTETS]
        try:
            return a2b_base64(encoded[: len(encoded) // 4 * 4])
        except ValueError:
            return b""

    def octets(self) -> bytes:
        """Return the body with its transfer encoding undone (RFC 2045 section 6); empty where that fails."""
        if self.part.first("Content-Transfer-Encoding").lower() in _IDENTITY:
            return self.part.body
        headers = _headers(self.part, "Content-Transfer-Encoding")
        headers.set_payload(self.part.body.decode("ascii", "surrogateescape"))
        return headers.octets


@dataclass(frozen=True, slots=True)
class Structure:
    """The tree of a message, as far as it was read.

    Attributes:
        parts: Number of parts of all kinds.
        depth: Levels of nesting; 1 for a message that is not multipart.
        complete: False where there was more than is read.
    """

    leaves: tuple[Leaf, ...]
    parts: int
    depth: int
    complete: bool


def read_structure(message: RawMessage) -> Structure:
    """Return the leaves of a message in order; never raises."""
    complete = len(message.raw) <= _PARSED_OCTETS
    root = message if complete else RawMessage(message.raw, message.fields, message.body[:_PARSED_OCTETS])
    waiting: list[tuple[RawMessage, str, int]] = [(root, "text/plain", 1)]
    leaves: list[Leaf] = []
    parts = deepest = 0
    while waiting:
        part, default, depth = waiting.pop()
        parts, deepest = parts + 1, max(deepest, depth)
        if parts > MAX_PARTS or depth > MAX_DEPTH:
            return Structure(tuple(leaves), parts, deepest, complete=False)
        leaf = Leaf(part, _content_type(part, default))
        if leaf.is_crowded:
            return Structure(tuple(leaves), MAX_PARTS + 1, deepest, complete=False)
        inner = _children(leaf)
        if inner is None:
            leaves.append(leaf)
        else:
            default = "message/rfc822" if leaf.type.kind == "multipart/digest" else "text/plain"
            waiting.extend((child, default, depth + 1) for child in reversed(inner))
    return Structure(tuple(leaves), parts, deepest, complete)


def _children(container: Leaf) -> list[RawMessage] | None:
    """Return the parts inside, or None for what is no container, or one that is broken."""
    kind, delimiter = container.type.kind, container.delimiter
    if kind == "message/delivery-status":
        return []  # fields about recipients (RFC 3464), nothing that is read
    if kind.startswith("message/"):
        return [RawMessage.parse(container.part.body)]
    if not delimiter:
        return None
    pieces = list(_pieces(container.part.body, delimiter))
    return [RawMessage.parse(piece) for piece in pieces] or None


def _pieces(body: bytes, delimiter: bytes) -> Iterator[bytes]:
    """Yield what stands between the delimiter lines (RFC 2046 section 5.1.1), one more than are wanted."""
    start, count = -1, 0
    for begin, end, last in _delimiters(body, delimiter):
        # The line end before a delimiter belongs to it; two in a row have nothing between them.
        if 0 <= start < begin:
            yield _without_line_end(body[start:begin])
            count += 1
        if last or count > MAX_PARTS:
            return
        start = end
    if 0 <= start < len(body):
        yield body[start:]


def _delimiters(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield begin and end of each delimiter line, and whether it is the closing one."""
    begin = body.find(delimiter)
    while begin >= 0:
        after = begin + len(delimiter)
        if begin == 0 or body[begin - 1] in b"\r\n":
            last = body.startswith(b"--", after)
            if rest := _REST_OF_LINE.match(body, after + 2 * last):
                after = rest.end()
                yield begin, after, last
        begin = body.find(delimiter, after)


def _without_line_end(piece: bytes) -> bytes:
    for end in (b"\r\n", b"\n", b"\r"):
        if piece.endswith(end):
            return piece[: -len(end)]
    return piece


def _content_type(part: RawMessage, default: str) -> ContentType:
    return _read_type(part.first("Content-Type"), default)


# Most mail has one of a few; those with a boundary come once.
@lru_cache(maxsize=256)
def _read_type(value: str, default: str) -> ContentType:
    headers = MimePart()
    headers.set_default_type(default)
    if value:
        headers["Content-Type"] = value
    boundary = (headers.get_param("boundary") or "").rstrip()
    # Mail in plain 8-bit text without a charset is so common that UTF-8 is no trouble.
    charset = "utf-8" if headers.charset in {"", "ascii", "us-ascii"} else headers.charset
    return ContentType(headers.get_content_type(), boundary, charset)


def _headers(part: RawMessage, *names: str) -> MimePart:
    headers = MimePart()
    for name in names:
        if value := part.first(name):
            headers[name] = value
    return headers
