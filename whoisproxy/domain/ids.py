"""Identifiers: a prefix that says what it names, then time and chance, so that they sort by age."""

import secrets
from datetime import datetime

# Crockford's base32 in lower case: no i, l, o or u to be misread.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80


def base32(value: int, length: int) -> str:
    """Write `value` as `length` characters of ALPHABET, most significant first."""
    return "".join(ALPHABET[(value >> (5 * place)) & 31] for place in reversed(range(length)))


def new_id(prefix: str, now: datetime) -> str:
    """Return `prefix_` and 26 characters: 48 bits of milliseconds, 80 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    return f"{prefix}_{base32(milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS), 26)}"
