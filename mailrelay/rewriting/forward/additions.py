"""What an owner may want added to a message: a banner, and the message as it came.

The stranger's content is not taken apart. A banner becomes a line before the only text, where the encoding of
the text lets it stand there; else both stand in a new multipart/mixed. There the banner comes last: programs
show the first text as the message. What is signed, encrypted or a report gets none.
"""

import base64
import quopri
from collections.abc import Callable

from mailrelay.message import RawMessage
from mailrelay.mime_parsing import MimePart, parse_mime_header
from mailrelay.rewriting.banner import Banner, banner_text
from mailrelay.rewriting.entity import Entity
from mailrelay.rewriting.forward.facts import ForwardFacts

_WITHOUT_BANNER = frozenset(
    {
        "multipart/signed",
        "multipart/encrypted",
        "multipart/report",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/pgp-encrypted",
    }
)
_INLINE_OPENPGP = b"-----BEGIN PGP "
# They write US-ASCII as it is, so that a text may begin with other lines than its author's.
_ASCII_CHARSETS = frozenset(
    {
        "us-ascii",
        "utf-8",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "koi8-r",
        "gb2312",
        "gbk",
        "gb18030",
    }
    | {f"iso-8859-{number}" for number in range(1, 17)}
)


def with_additions(entity: Entity, message: RawMessage, facts: ForwardFacts) -> list[Entity]:
    """Return the parts to send: the content as it is, or with a banner, and what stands beside it."""
    parts = [entity]
    if facts.banner:
        parts = _with_banner(entity, _banner(facts))
    if facts.attach_original:
        parts.append(_original(message))
    return parts


def _banner(facts: ForwardFacts) -> str:
    # Of a domain that says nothing about its mail, nobody can know.
    verified = not facts.authentication or facts.author_verdict in {"pass", "confirmed"}
    return banner_text(Banner(facts.language, facts.domain, verified, facts.answer_url, facts.block_url))


def _original(message: RawMessage) -> Entity:
    # RFC 2046 section 5.2.1: no other encoding is allowed here.
    return Entity.make(
        message.raw,
        content_type="message/rfc822",
        content_transfer_encoding="7bit" if message.raw.isascii() else "8bit",
        content_disposition='attachment; filename="original.eml"',
    )


def _with_banner(entity: Entity, text: str) -> list[Entity]:
    content = parse_mime_header(b"".join([one.raw for one in entity.fields]))
    if content.get_content_type() in _WITHOUT_BANNER or _INLINE_OPENPGP in entity.body:
        return [entity]
    try:
        before = _as_lines_of(content, text)
    except UnicodeError:
        before = None  # not with these letters
    return [entity, _banner_part(text)] if before is None else [Entity(entity.fields, before + entity.body)]


def _as_lines_of(content: MimePart, text: str) -> bytes | None:
    """Return the banner as it stands before the text of a message; None where that holds no such text.

    Raises:
        UnicodeError: The text's charset or encoding has not the banner's letters.
    """
    charset = content.charset or "us-ascii"
    encode = _ENCODERS.get((content.text_of("Content-Transfer-Encoding") or "7bit").strip().lower())
    is_text = content.get_content_type() == "text/plain" and content.get_content_disposition() != "attachment"
    if not is_text or encode is None or charset not in _ASCII_CHARSETS:
        return None
    return encode(f"{text}\n".replace("\n", "\r\n").encode(charset))


def _seven_bit(octets: bytes) -> bytes:
    return octets.decode("ascii").encode()


def _quoted_printable(octets: bytes) -> bytes:
    return quopri.encodestring(octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def _base64(octets: bytes) -> bytes:
    # Blanks make it whole groups of three, so that the author's own groups can follow (RFC 2045 6.8).
    padded = octets[:-2] + b" " * (-len(octets) % 3) + b"\r\n"
    return base64.encodebytes(padded).replace(b"\n", b"\r\n")


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "7bit": _seven_bit,
    "8bit": bytes,
    "quoted-printable": _quoted_printable,
    "base64": _base64,
}


def _banner_part(text: str) -> Entity:
    return Entity.make(
        _quoted_printable(text.replace("\n", "\r\n").encode()),
        content_type="text/plain; charset=utf-8",
        content_transfer_encoding="quoted-printable",
        content_disposition="inline",
    )
