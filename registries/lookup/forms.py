"""The forms in which text stands in an answer, and how each is undone.

A table of decoders; each takes a line and returns what a program that knows the form would show. None fails:
what is no such form comes back as it was. Every pattern is bounded, so that a line costs time by its length.
"""

import binascii
import html
import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote_to_bytes


class Form(StrEnum):
    """How a trace is written."""

    PLAIN = "plain"
    # Undone by the decoders of this module.
    ESCAPES = "escapes"
    ENTITIES = "entities"
    PERCENT = "percent"
    ENCODED_WORD = "encoded-word"
    CHARSET = "charset"
    PUNYCODE = "punycode"
    TAGS = "tags"
    QUOTED_PRINTABLE = "quoted-printable"
    BASE64 = "base64"
    HEX = "hex"
    PARSED = "parsed"  # as a parser of WHOIS answers gives it
    # Ways of writing that need no decoder.
    FOLDED = "folded"  # other case, accents, width or punctuation
    TURNED = "turned"  # words in another order
    PARTIAL = "partial"  # words left out
    APART = "apart"  # word by word, under labels of their own
    SPACED = "spaced"  # letter by letter
    JOINED = "joined"  # without its spaces, or broken where none are
    ABBREVIATED = "abbreviated"
    TAGGED = "tagged"  # a mailbox with a tag of its own


class Decoder:
    """One form, what always stands in it, and how it is undone."""

    def __init__(self, form: Form, marker: str, decode: Callable[[str], str]) -> None:
        self.form = form
        self.stands_in = re.compile(marker, re.MULTILINE).search
        self.decode = decode


def text_of(octets: bytes) -> str:
    """Return octets as UTF-8, else as Latin-1."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


_BACKSLASH = re.compile(
    r"((?:\\u[0-9a-fA-F]{4})+)|\\u\{([0-9a-fA-F]{1,6})\}|((?:\\x[0-9a-fA-F]{2})+)|((?:\\[0-9]{3})+)|\\(.)"
)
_WHITE = {"n": "\n", "r": "\n", "t": "\t"}
_OCTAL = re.compile(r"[0-3][0-7]{2}")


def _escapes(line: str) -> str:
    return _BACKSLASH.sub(_escape, line)


def _escape(match: re.Match[str]) -> str:
    units, point, octets, numbers, char = match.groups()
    if units:
        return bytes.fromhex(units.replace("\\u", "")).decode("utf-16-be", "replace")
    if point:
        return _char(int(point, 16))
    if octets:
        return text_of(bytes.fromhex(octets.replace("\\x", "")))
    if numbers:
        return _numbered(numbers[1:].split("\\"))
    return _WHITE.get(char, char)


def _numbered(numbers: list[str]) -> str:
    """Return octets that are written in octal as C does it, else in decimal as RFC 1035 section 5.1 does."""
    base = 8 if all(map(_OCTAL.fullmatch, numbers)) else 10
    return text_of(bytes(min(int(number, base), 255) for number in numbers))


def _char(point: int) -> str:
    return chr(point) if point < 0x110000 else "\ufffd"  # noqa: PLR2004 - Unicode ends there


# Python converts no number of thousands of digits, and no character has one of more than seven.
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")


def _entities(line: str) -> str:
    return html.unescape(_LONG_NUMBER.sub(" ", line))


_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+|%u([0-9a-fA-F]{4})")


def _percent(line: str) -> str:
    return _PERCENT.sub(lambda match: _char(int(match[1], 16)) if match[1] else _octets(match[0]), line)


def _octets(percent: str) -> str:
    return text_of(unquote_to_bytes(percent))


# RFC 2047 section 2; white space between two of them is not shown (section 6.2).
_ENCODED_WORD = re.compile(r"=\?([\w.:-]{1,40})(?:\*[\w-]{1,20})?\?([bBqQ])\?([^?\s]{0,500})\?=")
_BETWEEN_WORDS = re.compile(r"\?=[ \t]{1,20}=\?")


def _encoded_words(line: str) -> str:
    return _ENCODED_WORD.sub(_encoded_word, _BETWEEN_WORDS.sub("?==?", line))


def _encoded_word(match: re.Match[str]) -> str:
    charset, encoding, text = match.groups()
    octets = base64_octets(text) if encoding in "bB" else _qp_octets(text.replace("_", " "))
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return text_of(octets)


# What the octets 0x80 to 0x9F have become where somebody took UTF-8 for Windows-1252.
_WINDOWS_1252 = {
    ord(char): octet for octet in range(0x80, 0xA0) if (char := bytes([octet]).decode("cp1252", "ignore"))
}
_MISREAD = re.compile(rf"(?:[\xc2-\xf4][\x80-\xbf{re.escape(''.join(map(chr, _WINDOWS_1252)))}]{{1,3}})+")


def _utf8_taken_for_latin(line: str) -> str:
    return _MISREAD.sub(lambda run: read_anew(run[0], "utf-8"), line)


def read_anew(text: str, charset: str) -> str:
    """Return text that was taken for Latin-1 as it reads in another charset, or itself where it does not."""
    try:
        return text.translate(_WINDOWS_1252).encode("latin-1").decode(charset)
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


_A_LABEL = re.compile(r"\bxn--[a-z0-9-]{1,59}", re.IGNORECASE)


def _punycode(line: str) -> str:
    return _A_LABEL.sub(lambda match: _u_label(match[0]), line)


@lru_cache(maxsize=1024)
def _u_label(label: str) -> str:
    try:
        # Not by the idna library: what it does not allow in a name may be read all the same.
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


# These stand inside words; all others part them.
_INLINE = re.compile(
    r"</?(?:wbr|shy|b|i|u|s|a|em|strong|span|font|small|big|mark|sub|sup|tt|code|nobr)\b[^<>]{0,300}>"
    r"|<!--[^<>]{0,300}-->",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{1,300}>")


def _tags(line: str) -> str:
    return _TAG.sub("  ", _INLINE.sub("", line))


_QP = re.compile(r"(?:=[0-9a-fA-F]{2})+")


def _quoted_printable(line: str) -> str:
    return _QP.sub(lambda match: text_of(_qp_octets(match[0])), line)


def _qp_octets(text: str) -> bytes:
    return unquote_to_bytes(text.replace("%", "%25").replace("=", "%"))


# In this order: tags may enclose what the others undo, and an equals sign stands for much else.
DECODERS = (
    Decoder(Form.ESCAPES, r"\\", _escapes),
    Decoder(Form.ENTITIES, r"&[#\w]", _entities),
    Decoder(Form.PERCENT, r"%[0-9a-fA-Fu]", _percent),
    Decoder(Form.ENCODED_WORD, r"=\?", _encoded_words),
    Decoder(Form.CHARSET, r"[^\x00-\x7f]", _utf8_taken_for_latin),
    Decoder(Form.PUNYCODE, r"(?i:xn--)", _punycode),
    Decoder(Form.TAGS, r"<", _tags),
    Decoder(Form.QUOTED_PRINTABLE, r"=(?:[0-9a-fA-F]{2}|\r?$)", _quoted_printable),
)

# In which directories have answered before UTF-8, and some do still.
CHARSETS = (
    "iso8859-2", "iso8859-7", "iso8859-9", "cp1250", "cp1251", "cp1255", "cp1256", "koi8-r", "tis-620",
    "euc-kr", "euc-jp", "shift_jis", "gb18030", "big5",
)  # fmt: skip


_URL_SAFE = str.maketrans("-_", "+/")


def base64_octets(token: str) -> bytes:
    """Return what a token of either alphabet of RFC 4648 holds, without what does not fill an octet."""
    bare = token.rstrip("=").translate(_URL_SAFE)
    bare = bare[: len(bare) - (len(bare) % 4 == 1)]
    try:
        return binascii.a2b_base64(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return b""
