"""Text written in other characters, as links and programs carry it: base64, base32, hexadecimal, numbers."""

import binascii
import re
from base64 import b32decode
from collections.abc import Callable, Iterator
from functools import lru_cache

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
# Most texts have neither long words nor numbers in a row, and are done with after these questions.
_LONG_WORD = re.compile(r"[A-Za-z0-9+_-]{16}")
_NUMBERS_IN_A_ROW = re.compile(r"\b(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{2,15}[ ,;:]{1,2}[0-9A-Fa-f]{2}")
_NUMBERS = re.compile("[0-9]+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_LINE = 80  # letters, of base64 that is broken into lines
_KEPT = 4096  # of them
_MOST_STRANGE = 0.2  # of the characters; what has more is no text


def coded_texts(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where [start, end) something is written in other characters, and what it reads as."""
    if not ("=?" in text or "\\" in text or _LONG_WORD.search(text) or _NUMBERS_IN_A_ROW.search(text)):
        return
    for found in _CODED.finditer(text):
        reads = _READERS[found.lastgroup or ""](found[0])
        if reads:
            yield *found.span(), reads


def from_base64(run: bytes, places: int = 4) -> Iterator[bytes]:
    """Yield what base64 (RFC 4648 sections 4 and 5) reads as from each of its first places on.

    Other letters may stand before it, and another text in the same coding behind it. What lacks its end is
    read as far as it goes.
    """
    for piece in run.translate(_URL_SAFE).split(b"="):
        for start in range(min(places, len(piece))):
            letters = piece[start:]
            spare = len(letters) % 4
            yield binascii.a2b_base64(letters[:-1] if spare == 1 else letters + b"=" * (-spare % 4))


def _binary(run: str) -> str:
    octets = (digits[at : at + 8] for digits in _NUMBERS.findall(run) for at in range(0, len(digits), 8))
    return _of_codes([int(octet, 2) for octet in octets])


def _decimal(run: str) -> str:
    return _of_codes([int(number) for number in _NUMBERS.findall(run)])


def _octal(run: str) -> str:
    return _of_codes([int(octet, 8) for octet in _NUMBERS.findall(run)])


def _hexadecimal(run: str) -> str:
    return _text(bytes.fromhex(re.sub("^0x|[ :]", "", run)))


def _base32(run: str) -> str:
    letters = run.rstrip("=")
    try:
        return _text(b32decode(letters + "=" * (-len(letters) % 8)))
    except binascii.Error:
        return _base64(run)


def _base64(run: str) -> str:
    return _short_base64(run) if len(run) <= _LINE else _any_base64(run)


def _any_base64(run: str) -> str:
    return "\n".join(filter(None, map(_text, from_base64(run.encode()))))


# Each reading of a text has the same lines of a file in it.
_short_base64 = lru_cache(_KEPT)(_any_base64)


def _of_codes(codes: list[int]) -> str:
    return _text(bytes(codes)) if max(codes) <= 0xFF else ""  # noqa: PLR2004 - an octet


def _text(octets: bytes) -> str:
    """Return octets as text; empty where they are none."""
    text = octets.replace(b"\0", b"").decode("utf-8", "replace")
    most = _MOST_STRANGE * len(text)
    # Nearly all that looks like a coding is a word, and reads as nothing: that is told at once.
    strange = text.count("\ufffd")
    if strange <= most:
        strange += sum(not char.isprintable() for char in text)
    return text if strange <= most else ""


_READERS: dict[str, Callable[[str], str]] = {
    "word": decoded,
    "binary": _binary,
    "decimal": _decimal,
    "hexadecimal": _hexadecimal,
    "base32": _base32,
    "base64": _base64,
    "octal": _octal,
}
