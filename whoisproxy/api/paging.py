"""Opaque cursors: where the next page of one list starts."""

import base64
import binascii
import re

from whoisproxy.api.problems import Problem

_PLACE = re.compile(r"[a-z0-9._-]{1,253}")


def cursor(list_name: str, place: str) -> str:
    """Return the cursor of the page after `place` in a list."""
    return base64.urlsafe_b64encode(f"{list_name}/{place}".encode()).decode().rstrip("=")


def place_of(list_name: str, text: str | None) -> str:
    """Return the place that a cursor names; "" without a cursor: the beginning.

    Raises:
        Problem: BAD_CURSOR where the list did not give it out.
    """
    if not text:
        return ""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        name, _, place = (
            base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition("/")
        )
    except (UnicodeError, binascii.Error):
        name, place = "", ""
    if name != list_name or not _PLACE.fullmatch(place):
        raise Problem("BAD_CURSOR", "the cursor was not given out by this list")
    return place
