"""Read a message the way its reader sees it: decoded text, links, attachments, and what is hidden.

Standards: MIME (RFC 2045-2047, RFC 2183). `email` under its `compat32` policy parses, because it is the
policy that takes any bytes; HTML goes through lxml. Never raises, and work is bounded: only the first
octets of a message are parsed. What the text means is left to `features` and `similarity`.
"""

import email
import email.errors
import email.header
import email.message
import email.policy
import email.utils
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from mailrelay.content.html_text import HtmlText, read_html
from mailrelay.message import RawMessage

_PARSED_OCTETS = 512 * 1024  # spam that hides behind half a megabyte of something else is not what we score
_TEXT_CHARACTERS = 200_000
_HEADER_CHARACTERS = 4_000
_MIN_OWN_CHARACTERS = 80  # a message that is all quotation is judged by what it quotes
MAX_PARTS = 100
MAX_DEPTH = 12
# Counted before parsing: `email` recurses once per level and would run out of stack.
_BOUNDARIES = re.compile(rb"boundary\s*\*?\d*\*?=|message/(?:rfc822|global|partial)", re.IGNORECASE)
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'\])}]{3,2000}", re.IGNORECASE)
_CHARSET_FALLBACK = "latin-1"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not shown as text: file name (may be empty) and content type."""

    name: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds.

    Attributes:
        subject: Decoded, one line.
        from_name: Display name of the author.
        from_address: Author's mailbox, lower-cased; empty where there is none.
        reply_to: Mailboxes of Reply-To, lower-cased.
        text: Visible text of all text parts, plain before HTML, NFKC.
        own_text: `text` without quoted lines, where enough is left: who reports spam quotes it.
        urls: Links in text and HTML, in order, without duplicates.
        html: What was seen in the HTML parts.
        html_only: There is HTML and no plain text.
        attachments: The other leaf parts.
        charset_trouble: A part names a charset that does not exist or does not fit its octets.
        parts: Number of parts of all kinds.
        depth: Levels of nesting; 1 for a message that is not multipart.
        complete: False where the structure was too much to read, or the message was cut before parsing.
    """

    subject: str
    from_name: str
    from_address: str
    reply_to: tuple[str, ...]
    text: str
    own_text: str
    urls: tuple[str, ...]
    html: HtmlText
    html_only: bool
    attachments: tuple[Attachment, ...]
    charset_trouble: bool
    parts: int
    depth: int
    complete: bool


def read_content(message: RawMessage) -> Content:
    """Return what `message` holds; any octets will do."""
    names = _mailboxes(message.first("From"))
    structure = _Structure(message.raw)
    plain, html, trouble = structure.texts()
    seen = read_html(html)
    text = unicodedata.normalize("NFKC", f"{plain}\n{seen.visible}"[:_TEXT_CHARACTERS])
    urls = dict.fromkeys([*seen.links, *(match.group() for match in _URL.finditer(text))])
    return Content(
        subject=decode_words(message.first("Subject")),
        from_name=names[0][0] if names else "",
        from_address=names[0][1] if names else "",
        reply_to=tuple(address for _, address in _mailboxes(message.first("Reply-To"))),
        text=text,
        own_text=_own(text),
        urls=tuple(urls)[:500],
        html=seen,
        html_only=bool(html.strip()) and not plain.strip(),
        attachments=structure.attachments(),
        charset_trouble=trouble,
        parts=structure.parts,
        depth=structure.depth,
        complete=structure.complete,
    )


def _own(text: str) -> str:
    own = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith((">", "|")))
    return own if len(own.strip()) >= _MIN_OWN_CHARACTERS else text


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded-words; what cannot be decoded stays as it is."""
    value = value[:_HEADER_CHARACTERS]
    if "=?" not in value:
        return value
    try:
        pieces = email.header.decode_header(value)
    except (email.errors.MessageError, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else _decode(piece, charset or "ascii")[0]
        for piece, charset in pieces
    )


def _mailboxes(value: str) -> list[tuple[str, str]]:
    pairs = email.utils.getaddresses([value[:_HEADER_CHARACTERS]])
    return [(decode_words(name), address.strip().lower()) for name, address in pairs if "@" in address]


def _decode(octets: bytes, charset: str) -> tuple[str, bool]:
    """Return the text and whether the charset was wrong."""
    try:
        return octets.decode(charset), False
    except (LookupError, UnicodeError, ValueError):
        pass
    try:
        return octets.decode("utf-8"), True
    except UnicodeDecodeError:
        return octets.decode(_CHARSET_FALLBACK), True


class _Structure:
    """The MIME tree of a message, walked once with bounds."""

    def __init__(self, raw: bytes) -> None:
        raw_head = raw[:_PARSED_OCTETS]
        self.complete = len(raw) <= _PARSED_OCTETS
        self.parts = self.depth = 1
        self._leaves: list[email.message.Message] = []
        nested = sum(1 for _ in _BOUNDARIES.finditer(raw_head))
        if nested > MAX_PARTS:
            self.parts, self.depth, self.complete = nested, nested, False
            return
        try:
            root = email.message_from_bytes(raw_head, policy=email.policy.compat32)
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
            self.complete = False
            return
        self._walk(root)

    def _walk(self, root: email.message.Message) -> None:
        waiting: list[tuple[email.message.Message, int]] = [(root, 1)]
        self.parts = 0
        while waiting:
            part, depth = waiting.pop()
            self.parts += 1
            self.depth = max(self.depth, depth)
            if self.parts > MAX_PARTS:
                self.complete = False
                return
            children = part.get_payload()
            if isinstance(children, list):
                waiting.extend(
                    (child, depth + 1) for child in reversed(children) if not isinstance(child, str)
                )
            else:
                self._leaves.append(part)

    def texts(self) -> tuple[str, str, bool]:
        """Return plain text, HTML, and whether a charset was wrong."""
        plain: list[str] = []
        html: list[str] = []
        trouble = False
        for part in self._leaves:
            kind = part.get_content_type()
            if kind.startswith("text/") and not _is_file(part):
                text, wrong = _decode(_octets(part), _charset(part))
                trouble = trouble or wrong
                (html if kind == "text/html" else plain).append(text)
        return "\n".join(plain)[:_TEXT_CHARACTERS], "\n".join(html)[:_TEXT_CHARACTERS], trouble

    def attachments(self) -> tuple[Attachment, ...]:
        """Return the leaves that are not text to be shown."""
        return tuple(self._attachments())

    def _attachments(self) -> Iterator[Attachment]:
        for part in self._leaves:
            kind = part.get_content_type()
            if not kind.startswith("text/") or _is_file(part):
                yield Attachment(_file_name(part), kind)


def _is_file(part: email.message.Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _octets(part: email.message.Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return payload if isinstance(payload, bytes) else b""


def _charset(part: email.message.Message) -> str:
    try:
        charset = part.get_content_charset("ascii")
    except (ValueError, LookupError, TypeError):
        return "ascii"
    # Mail in plain 8-bit text without a charset is so common that UTF-8 is no trouble.
    return "utf-8" if charset in {"ascii", "us-ascii"} else charset


def _file_name(part: email.message.Message) -> str:
    try:
        return decode_words(part.get_filename() or "")[:255]
    except (ValueError, LookupError, TypeError):
        return ""
