"""Find text that is hidden in base64 (RFC 4648) and in hexadecimal digits.

Whether a run of letters is base64 cannot be told from the letters, so every one that is long enough is
decoded, and what then looks like text is kept.
"""

import re
from collections.abc import Iterator

from registries.lookup.document import Lines
from registries.lookup.forms import base64_octets, text_of

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_ONLY_BASE64 = re.compile(r"[ \t%#;*>|]{0,8}([A-Za-z0-9+/_-]+={0,2})[ \t\r]{0,8}")
# RFC 2045 and 7468 break base64 after 76 and 64 characters; a line of less than these is no broken one.
_BROKEN = 40
# A token may be glued to what stands before it, so that its groups of four begin elsewhere.
_GLUED = range(16, 1024)

_HEX = re.compile(r"(?<![0-9a-zA-Z])(?:0x)?((?:[0-9a-fA-F]{2}[ :]?){6,})(?![0-9a-zA-Z])")
_NO_DIGIT = str.maketrans("", "", " :")

# Octets that are text in UTF-8.
_TEXT = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){5,}"
)
_CONTROLS = bytes(range(9)) + bytes(range(14, 32))


def hidden_in_base64(lines: Lines) -> Lines:
    """Return what base64 hides, each text under the number of the line where it begins."""
    return [
        (number, piece)
        for number, token in _tokens(lines)
        if token
        for start in (range(4) if len(token) in _GLUED else (0,))
        for piece in _texts(base64_octets(token[start:]))
    ]


def hidden_in_hex(lines: Lines) -> Lines:
    """Return what hexadecimal digits hide, each text under the number of its line."""
    return [
        (number, piece)
        for number, text in lines
        for match in _HEX.finditer(text)
        for piece in _texts(_hex_octets(match[1].translate(_NO_DIGIT)))
    ]


def _hex_octets(digits: str) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _tokens(lines: Lines) -> Iterator[tuple[int, str]]:
    """Yield what may be base64; lines of nothing else may go on with the token before them."""
    number, parts = 0, [""]
    for place, text in lines:
        if not text:
            continue
        more = _ONLY_BASE64.fullmatch(text) if len(parts[-1]) >= _BROKEN else None
        if more:
            if len(parts) == 1:
                yield number, parts[0]
            parts.append(more[1])
            continue
        yield number, "".join(parts)
        parts = [""]
        for match in _BASE64.finditer(text):
            yield number, "".join(parts)
            number, parts = place, [match[0]]
    yield number, "".join(parts)


def _texts(octets: bytes) -> Iterator[str]:
    """Yield what is text among octets, line by line; UTF-16 is read without its empty octets."""
    full = octets.replace(b"\0", b"")
    if full.translate(None, _CONTROLS) == full and not _TEXT.fullmatch(full):
        yield from text_of(full).split("\n")
    for run in _TEXT.findall(full):
        yield from run.decode("utf-8", "replace").split("\n")
