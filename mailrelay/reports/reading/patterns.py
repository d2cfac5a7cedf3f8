"""Write long alternations as tables, one alternative a line."""

import re
import unicodedata

_ACCENT = re.compile("[\u0300-\u036f]")


def either(*alternatives: str) -> str:
    """Return a pattern that matches where any of the patterns does."""
    return f"(?:{'|'.join(alternatives)})"


def without_case(*alternatives: str) -> re.Pattern[str]:
    """Compile `either`, for text in any case, with `^` at every line."""
    return re.compile(either(*alternatives), re.IGNORECASE | re.MULTILINE)


def without_accents(text: str) -> str:
    """Return text as it stands where a server or a keyboard has no accents; kana keep their marks."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", text)))
