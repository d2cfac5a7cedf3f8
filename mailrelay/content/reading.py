"""Read a message the way its reader sees it: decoded text, links, attachments, and what is hidden.

Standards: MIME (`mime`, RFC 2045-2047, RFC 2183); HTML goes through lxml. Never raises, and work is bounded:
only the first octets of a message and the first characters of its text are read. What the text means is left
to `features` and `similarity`; what several of them ask for is worked out once, when it is first asked for.
"""

import email.errors
import email.header
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from mailrelay.addresses import address_pairs, simple_mailbox
from mailrelay.content.archives import is_locked
from mailrelay.content.html_text import HtmlText, read_html
from mailrelay.content.mime import Leaf, read_structure
from mailrelay.content.phrases import businesses_in
from mailrelay.content.words import Words
from mailrelay.message import RawMessage

_TEXT_CHARACTERS = 60_000  # patterns are linear, and this bounds them
_HTML_CHARACTERS = 200_000  # tags and styles are most of it
_HEADER_CHARACTERS = 4_000
_MIN_OWN_CHARACTERS = 80  # a message that is all quotation is judged by what it quotes
_MOST_URLS = 500
_MOST_HOSTS = 100
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'\])}]{3,2000}", re.IGNORECASE)
_CHARSET_FALLBACK = "latin-1"
# What mail programs read where the charset that is named does not fit: supersets (WHATWG Encoding Standard,
# section 4.2), and what Japanese systems send under the name of ISO-2022-JP.
_WIDER_CHARSETS = {
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "shift_jis": ("cp932",),
    "iso-2022-jp": ("euc_jp", "cp932"),
    "euc-jp": ("cp932",),
    "euc-kr": ("cp949",),
    "ks_c_5601-1987": ("cp949",),
    "big5": ("cp950", "big5hkscs"),
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not shown as text.

    Attributes:
        name: Of the file; may be empty.
        content_type: In lower case.
        octets: As transferred, with the transfer encoding.
        locked: It asks for a password.
    """

    name: str
    content_type: str
    octets: bytes = field(default=b"", repr=False)
    locked: bool = False


# No slots here: what is derived is made once, when first asked for.
@dataclass(frozen=True)
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

    @cached_property
    def octets(self) -> bytes:
        """`text` in UTF-8."""
        return self.text.encode("utf-8", "replace")

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """Hosts of the links in lower case; `?` for one that cannot be read."""
        return tuple(host for host in map(_host, self.urls[:_MOST_HOSTS]) if host)

    @cached_property
    def words(self) -> Words:
        """Those of `text`."""
        return Words.of(self.text)

    @cached_property
    def subject_words(self) -> Words:
        """Those of `subject`."""
        return Words.of(self.subject)

    @cached_property
    def own_words(self) -> Words:
        """Those of `own_text`."""
        return self.words if self.own_text is self.text else Words.of(self.own_text)

    @cached_property
    def businesses(self) -> frozenset[str]:
        """Names of the businesses whose phrases stand in the subject or in `own_text`."""
        return businesses_in(self.subject_words, self.own_words)


def read_content(message: RawMessage) -> Content:
    """Return what `message` holds; any octets will do."""
    author = _mailboxes(message.first("From"))
    structure = read_structure(message)
    shown = [leaf for leaf in structure.leaves if _is_shown(leaf)]
    plain, html, trouble = _texts(shown)
    seen = read_html(html)
    text = unicodedata.normalize("NFKC", f"{plain}\n{seen.visible}"[:_TEXT_CHARACTERS])
    return Content(
        subject=decode_words(message.first("Subject")),
        from_name=author[0][0] if author else "",
        from_address=author[0][1] if author else "",
        reply_to=tuple(address for _, address in _mailboxes(message.first("Reply-To"))),
        text=text,
        own_text=_own(text),
        urls=tuple(dict.fromkeys([*seen.links, *_urls(text)]))[:_MOST_URLS],
        html=seen,
        html_only=bool(html.strip()) and not plain.strip(),
        attachments=tuple(
            Attachment(
                decode_words(leaf.file_name)[:255],
                leaf.type.kind,
                leaf.part.body,
                is_locked(leaf.first_octets()),
            )
            for leaf in structure.leaves
            if not _is_shown(leaf)
        ),
        charset_trouble=trouble,
        parts=structure.parts,
        depth=structure.depth,
        complete=structure.complete,
    )


def _is_shown(leaf: Leaf) -> bool:
    return leaf.type.kind.startswith("text/") and not leaf.is_file


def _texts(shown: list[Leaf]) -> tuple[str, str, bool]:
    """Return plain text, HTML, and whether a charset was wrong."""
    plain: list[str] = []
    html: list[str] = []
    trouble = False
    for leaf in shown:
        text, wrong = _decode(leaf.octets(), leaf.type.charset)
        trouble = trouble or wrong
        (html if leaf.type.kind == "text/html" else plain).append(text)
    return "\n".join(plain)[:_TEXT_CHARACTERS], "\n".join(html)[:_HTML_CHARACTERS], trouble


def _urls(text: str) -> Iterator[str]:
    lowered = text.lower()
    if "://" in lowered or "www." in lowered:
        yield from (found.group() for found in _URL.finditer(text))


def _host(url: str) -> str:
    try:
        return (urlsplit(url if "//" in url else f"//{url}").hostname or "").lower()
    except ValueError:
        return "?"


def _own(text: str) -> str:
    if ">" not in text and "|" not in text:
        return text
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
    """Return display names and mailboxes, the latter in lower case and as odd as they stand there."""
    if simple := simple_mailbox(value):
        return [(simple.display, simple.address.lower())]
    pairs = address_pairs(value[:_HEADER_CHARACTERS])
    return [(decode_words(name), address.strip().lower()) for name, address in pairs if "@" in address]


def _decode(octets: bytes, charset: str) -> tuple[str, bool]:
    """Return the text and whether the charset was wrong."""
    for candidate in (charset, *_WIDER_CHARSETS.get(charset.lower(), ())):
        try:
            return octets.decode(candidate), False
        except (LookupError, UnicodeError, ValueError):
            continue
    try:
        return octets.decode("utf-8"), True
    except UnicodeDecodeError:
        return octets.decode(_CHARSET_FALLBACK), True
