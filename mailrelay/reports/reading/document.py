"""Take a returning message apart: its header, what it says, and the message it brings back.

Standards: MIME (RFC 2045-2047), multipart/report (RFC 6522). Never raises, and work is bounded: only the
first octets are parsed, and a message with too many parts or levels is not parsed at all.
"""

import re
from dataclasses import dataclass

from mailrelay.content.html_text import read_html
from mailrelay.content.reading import decode_words
from mailrelay.mime_parsing import MimePart, containers_in, parse_mime
from mailrelay.reports.reading.patterns import either

_PARSED_OCTETS = 256 * 1024
_TEXT_CHARACTERS = 32_000
_MAX_PARTS = 50

_MESSAGES = frozenset({"message/rfc822", "message/global", "message/partial"})

# Lines from which on a text is the message that came back: a rule with a title, a sentence, or its header.
_TITLES = either(
    r"this is a copy|the (?:header|body|message)|headers? of the|your original|enclosed|begin of",
    r"(?:the )?(?:original|returned|unsent|undelivered) (?:message|mail)|forwarded message",
    r"message (?:header|text|follows|contents)|returned message|start of returned",
    r"below (?:this line|the next)",
)
_SENTENCES = either(
    r"(?:the )?original (?:message|mail)(?: headers?)?(?: follows\b|[ \t]{0,8}:?[ \t]{0,8}$)",
    r"message headers? follows?",
    r"(?:here )?(?:is |below is |included is )a copy of",
    r"below (?:is|are|this line) (?:a copy|the)",
    r"(?:the )?headers? of the (?:original|message)",
    r"your (?:original )?(?:message|mail) (?:is enclosed|follows|reads)",
)
_FIELDS = r"(?:return-path|received|x-received|delivered-to|dkim-signature):"
_RETURNED = re.compile(
    rf"^[ \t>]{{0,8}}(?:[-=*_ ]{{2,80}}{_TITLES}|{_SENTENCES}|{_FIELDS})", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the report: content type, lower-cased, and decoded text."""

    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A message that came back, read.

    Attributes:
        header: The message as `email` parsed it; for its header and for readers that want it.
        parts: Leaves before and beside the returned message.
        notice: What the report tells its reader.
        returned: The returned message as far as it came, header first; empty where there is none.
        enclosed: Messages that are parts of this one.
    """

    header: MimePart
    parts: tuple[Part, ...]
    notice: str
    returned: str
    enclosed: tuple[MimePart, ...]

    def field(self, name: str) -> str:
        """Return a header field, decoded and unfolded, or the empty string."""
        return " ".join(decode_words(self.header.text_of(name)).split())


def parse(raw: bytes) -> MimePart | None:
    """Return the message, or None where it is too much to parse."""
    head = raw[:_PARSED_OCTETS]
    return None if containers_in(head) > _MAX_PARTS else parse_mime(head)


def open_document(message: MimePart) -> Document:
    """Take a parsed message apart."""
    parts, enclosed = _leaves(message)
    texts = [part.text for part in parts if part.content_type == "text/plain" and part.text.strip()]
    if not texts:
        texts = [read_html(part.text).visible for part in parts if part.content_type == "text/html"]
    notice, returned = _divide("\n\n".join(texts)[:_TEXT_CHARACTERS])
    headers = [part.text for part in parts if part.content_type.startswith("text/rfc822-header")]
    whole = [*map(_as_text, enclosed), *headers, returned]
    return Document(message, parts, notice, "\n".join(text for text in whole if text), enclosed)


def _divide(text: str) -> tuple[str, str]:
    found = _RETURNED.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _leaves(root: MimePart) -> tuple[tuple[Part, ...], tuple[MimePart, ...]]:
    parts: list[Part] = []
    enclosed: list[MimePart] = []
    waiting = [root]
    while waiting and len(parts) < _MAX_PARTS:
        message = waiting.pop()
        kind = message.get_content_type()
        children = message.parts
        if kind in _MESSAGES and children:
            enclosed.extend(children)
        elif kind.startswith("message/") and children:
            parts.append(Part(kind, "\n".join(_fields(child) for child in children)))
        elif children:
            waiting.extend(reversed(children))
        else:
            # A multipart without a boundary is text all the same.
            parts.append(Part("text/plain" if kind.startswith("multipart/") else kind, _text(message)))
    return tuple(parts), tuple(enclosed)


def _fields(message: MimePart) -> str:
    lines = [f"{name}: {value}" for name, value in message.all_fields()]
    return "\n".join([*lines, "", _text(message)])


def _as_text(message: MimePart) -> str:
    return _fields(message)[:_TEXT_CHARACTERS]


def _text(message: MimePart) -> str:
    """Return what a leaf says; bounded, line ends made LF."""
    text = decode_octets(message.octets, message.charset or "utf-8")
    return text[:_TEXT_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")


def decode_octets(octets: bytes, charset: str) -> str:
    """Decode as declared where that fits, else as UTF-8, else as Latin-1, which takes everything."""
    for candidate in (charset, "utf-8"):
        try:
            return octets.decode(candidate)
        except (LookupError, UnicodeError, ValueError):
            continue
    return octets.decode("latin-1")
