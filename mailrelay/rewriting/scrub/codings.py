"""Text written in other characters, as links and programs carry it: base64, base32, hexadecimal, numbers."""

import binascii
import re
from base64 import b32decode
from collections.abc import Callable, Iterator

from mailrelay.addresses import decoded

_CODED = re.compile(
    r"(?P<word>=\?[\w*.-]{2,40}\?[BbQq]\?[^?\s]{1,400}\?=)"  # RFC 2047 section 2
    r"|(?<!\w)(?:"
    r"(?P<binary>(?:[01]{8}[ ,]?){8,2000})"
    r"|(?P<decimal>(?:[0-9]{2,3}[ ,;]{1,2}){9,2000}[0-9]{2,3})"
    r"|(?P<hexadecimal>(?:0x)?[0-9A-Fa-f]{2}(?:[ :]?[0-9A-Fa-f]{2}){9,2000})"
    r"|(?P<base32>[A-Z2-7]{16,3200}={0,6})"  # RFC 4648 section 6
    r"|(?P<base64>[A-Za-z0-9+_-]{16,4000}))"  # sections 4 and 5; a slash is taken for that of a path
    r"(?!\w)"
    r"|(?P<octal>(?:\\[0-7]{2,3}){6,2000})"
)
_NUMBERS = re.compile("[0-9]+")
_URL_SAFE = str.maketrans("-_", "+/")
_MOST_STRANGE = 0.2  # of the characters; what has more is no text


def coded_texts(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where [start, end) something is written in other characters, and what it reads as."""
    for found in _CODED.finditer(text):
        reads = _READERS[found.lastgroup or ""](found[0])
        if reads:
            yield *found.span(), reads


def _binary(run: str) -> str:
    return _text(int(octet, 2) for octet in _NUMBERS.findall(run) for octet in _eights(octet))


def _eights(digits: str) -> list[str]:
    return [digits[at : at + 8] for at in range(0, len(digits), 8)]


def _decimal(run: str) -> str:
    return _text(map(int, _NUMBERS.findall(run)))


def _octal(run: str) -> str:
    return _text(int(octet, 8) for octet in _NUMBERS.findall(run))


def _hexadecimal(run: str) -> str:
    return _text(bytes.fromhex(re.sub("^0x|[ :]", "", run)))


def _base32(run: str) -> str:
    letters = run.rstrip("=")
    try:
        return _text(b32decode(letters + "=" * (-len(letters) % 8)))
    except binascii.Error:
        return _base64(run)


def _base64(run: str) -> str:
    # Other letters may stand before it, and another text in the same coding behind it.
    pieces = filter(None, run.translate(_URL_SAFE).split("="))
    texts = (_text(_whole(piece[start:])) for piece in pieces for start in range(4))
    return "\n".join(filter(None, texts))


def _whole(letters: str) -> bytes:
    spare = len(letters) % 4
    return binascii.a2b_base64(letters[:-1] if spare == 1 else letters + "=" * (-spare % 4))


def _text(octets: bytes | Iterator[int]) -> str:
    """Return octets as text; empty where they are none."""
    codes = [code for code in octets if code]
    if not codes or max(codes) > 0xFF:  # noqa: PLR2004 - an octet
        return ""
    text = bytes(codes).decode("utf-8", "replace")
    strange = sum(not char.isprintable() or char == "\ufffd" for char in text)
    return text if strange <= _MOST_STRANGE * len(text) else ""


_READERS: dict[str, Callable[[str], str]] = {
    "word": decoded,
    "binary": _binary,
    "decimal": _decimal,
    "hexadecimal": _hexadecimal,
    "base32": _base32,
    "base64": _base64,
    "octal": _octal,
}
