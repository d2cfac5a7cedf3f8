"""Clean pictures that stand in a document as data: URIs (RFC 2397)."""

import binascii
import re
from base64 import b64decode, b64encode
from urllib.parse import unquote_to_bytes

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Dropped

_DATA_URI = re.compile(r"\s*data:([^,]{0,200}),(.*)", re.IGNORECASE | re.DOTALL)
# Taken once, without going back: the time grows as the style does.
_IN_STYLE = re.compile(r"url\(\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^()\"'\s]*+))\s*+\)", re.IGNORECASE)
_URL = re.compile(r"url\(", re.IGNORECASE)
_COMMENT_OR_IMPORT = re.compile(r"/\*(?:[\s\S]*?\*/|[\s\S]*)|@import[^;]*+;?", re.IGNORECASE)


def is_data(value: str) -> bool:
    """Say whether a value is a data: URI."""
    return _DATA_URI.match(value) is not None


def cleaned_data_uri(value: str, nesting: Nesting) -> str | None:
    """Return the URI with its picture cleaned; None where it holds what is never passed on.

    Raises:
        CannotClean: It cannot be cleaned.
    """
    found = _DATA_URI.match(value)
    if found is None:
        return None
    content = unquote_to_bytes(found[2])
    if found[1].lower().replace(" ", "").endswith(";base64"):
        try:
            content = b64decode(b"".join(content.split()))
        except binascii.Error:
            raise CannotClean("broken-document") from None
    nesting.budget.spend(len(content))
    try:
        picture = nesting.cleaned(content)
    except Dropped:
        return None
    return f"data:{picture.content_type};base64,{b64encode(picture.content).decode()}"


def cleaned_style(style: str, nesting: Nesting) -> str:
    """Return CSS whose url() are cleaned pictures, parts of the document, or nothing.

    Raises:
        CannotClean: CSS hides what it loads behind escapes, or a picture cannot be cleaned.
    """
    if "\\" in style:
        raise CannotClean("escaped-style")

    def replaced(found: re.Match[str]) -> str:
        target = (found[1] or found[2] or found[3] or "").strip()
        if target.startswith("#"):
            return found[0]
        return f'url("{(is_data(target) and cleaned_data_uri(target, nesting)) or ""}")'

    style = _COMMENT_OR_IMPORT.sub("", style)
    result, count = _IN_STYLE.subn(replaced, style)
    if count != len(_URL.findall(style)):
        raise CannotClean("broken-style")
    return result
