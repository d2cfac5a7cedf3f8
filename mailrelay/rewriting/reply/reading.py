"""Read an owner's message: what it shows, in plain text and in HTML, and the files it brings.

Standards: MIME (RFC 2045-2047, 2183, 2231), multipart/alternative and mixed (RFC 2046), related (RFC 2387),
security multiparts (RFC 1847), format=flowed (RFC 3676), and uuencode within text. Anything is read; what
has too many parts, or is encrypted, is held. A message within the message becomes text of it.
"""

import re
from dataclasses import dataclass, field

from mailrelay.addresses import decoded
from mailrelay.mime_parsing import MimePart, parse_mime
from mailrelay.rewriting.reply.armour import without_armour
from mailrelay.rewriting.reply.charsets import charset_of_html, decode_text
from mailrelay.rewriting.reply.model import AnswerHeld
from mailrelay.rewriting.reply.uuencode import split_uuencoded

_MOST_PARTS = 200
_MOST_DEPTH = 30
_ENCRYPTED = frozenset(
    {"multipart/encrypted", "application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
)
_SHOWN = frozenset({"text/plain", "text/html"})
_MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
# A line that goes on in the next, both quoted as deep, where blanks are to be deleted (RFC 3676 section 4.1).
_BROKEN_LINE = re.compile(r"^(?!>|-- $)(.*) \n(?![> \n])", re.MULTILINE)
_MOST_TEXT = 1_500_000  # octets; nobody writes so much, and scrubbing it takes seconds
_TOLD = ("From", "Subject")


@dataclass(frozen=True, slots=True)
class File:
    """A part that is no shown text.

    Attributes:
        declared_type: `type/subtype`, lower case.
        name: Decoded; may be empty.
        content_id: Without brackets; empty where it has none.
        charset: As declared; empty where it is not.
        is_message: It is part of a message, or a report about one: never passed on.
    """

    declared_type: str
    name: str
    content: bytes
    content_id: str = ""
    charset: str = ""
    is_message: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a part shows, in both forms.

    Attributes:
        plain: None where it does not have that form.
        html: The documents that stand one after the other; empty where it does not have that form.
        flowed: The lines of `plain` are format=flowed.
        left_out: What was found and is never passed on, such as a signature; kebab-case.
    """

    plain: str | None = None
    html: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    flowed: bool = True
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _Budget:
    parts: int = field(default=_MOST_PARTS)

    def take(self, depth: int) -> None:
        self.parts -= 1
        if self.parts < 0 or depth > _MOST_DEPTH:
            raise AnswerHeld("too-many-parts")


def read_letter(raw: bytes) -> list[Shown]:
    """Return what a message shows, block by block, in order.

    Raises:
        AnswerHeld: It is encrypted, has too many parts or too much text.
    """
    return _read(parse_mime(raw), _Budget(), 1)


def _read(part: MimePart, budget: _Budget, depth: int) -> list[Shown]:
    budget.take(depth)
    kind = part.get_content_type()
    if kind in _ENCRYPTED:
        raise AnswerHeld("encrypted")
    if kind.startswith("message/"):
        return _message(part, kind, budget, depth)
    if not part.is_multipart():
        return _leaf(part, kind)
    if kind == "multipart/alternative":
        return [_alternative([_read(child, budget, depth + 1) for child in part.parts])]
    # RFC 1847 section 2.1: what is signed stands first, the signature behind it.
    signed = kind == "multipart/signed"
    children = part.parts[:1] if signed else part.parts
    blocks = [block for child in children for block in _read(child, budget, depth + 1)]
    return [*blocks, Shown(left_out=("signature",))] if signed else blocks


def _message(part: MimePart, kind: str, budget: _Budget, depth: int) -> list[Shown]:
    if kind not in _MESSAGES or not part.parts:
        return [Shown(files=(File(kind, decoded(part.file_name), b"", is_message=True),))]
    inner = [block for child in part.parts for block in _read(child, budget, depth + 1)]
    return [Shown(plain=_heading(part.parts[0])), *inner]


def _heading(message: MimePart) -> str:
    """Return what is said above a message within the message; its other fields tell of its way."""
    lines = [f"{name}: {decoded(message.text_of(name))}" for name in _TOLD]
    return "\n".join(["", *lines, ""])


def _alternative(forms: list[list[Shown]]) -> Shown:
    """Return the forms of one text: the plainest comes first, the richest last (RFC 2046 section 5.1.4).

    Each may be in several pieces, with files between them.
    """
    blocks = [block for form in forms for block in form]
    plain = next((form for form in forms if any(block.plain is not None for block in form)), [])
    html = next((form for form in reversed(forms) if any(block.html for block in form)), [])
    texts = [block.plain for block in plain if block.plain is not None]
    return Shown(
        "\n".join(texts) if texts else None,
        tuple([document for block in html for document in block.html]),
        tuple([file for block in blocks for file in block.files]),
        flowed=all(block.flowed for block in plain if block.plain is not None),
        left_out=tuple([reason for block in blocks for reason in block.left_out]),
    )


def _leaf(part: MimePart, kind: str) -> list[Shown]:
    name, charset, content = decoded(part.file_name), part.charset, part.octets
    if kind not in _SHOWN or part.get_content_disposition() == "attachment" or name:
        content_id = part.text_of("Content-ID").strip(" \t\r\n<>")
        return [Shown(files=(File(kind, name, content, content_id, charset),))]
    if len(content) > _MOST_TEXT:
        raise AnswerHeld("text-too-large")
    if kind == "text/html":
        return [Shown(html=(decode_text(content, charset or charset_of_html(content)),))]
    text, files = split_uuencoded(decode_text(content, charset))
    text, left_out = without_armour(text)
    flowed = (part.get_param("format") or "").lower() == "flowed"
    if flowed and (part.get_param("delsp") or "").lower() == "yes":
        text = _BROKEN_LINE.sub(r"\1", text)
    return [
        Shown(
            plain=text,
            files=tuple([File("application/octet-stream", name, octets) for name, octets in files]),
            flowed=flowed,
            left_out=left_out,
        )
    ]
