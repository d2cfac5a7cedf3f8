"""Identifiers: a prefix that says what it names, then time and chance, so that they sort by age."""

import secrets
from base64 import b32encode
from datetime import datetime

# Crockford's base32 in lower case: no i, l, o or u to be misread.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_TIME_CHARS = 10  # 48 bits, after two that are always 0
_FROM_RFC_4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())


def base32(value: int, length: int) -> str:
    """Write `value` as `length` characters of ALPHABET, most significant first."""
    groups = -(-length // 8)  # the library writes 5 octets as 8 characters
    octets = (value << 5 * (8 * groups - length)).to_bytes(5 * groups)
    return b32encode(octets)[:length].translate(_FROM_RFC_4648).decode()


def new_id(prefix: str, now: datetime) -> str:
    """Return `prefix_` and 26 characters: 48 bits of milliseconds, 80 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    return f"{prefix}_{base32(milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS), 26)}"


def is_older(one: str, other: str) -> bool:
    """Whether the id `one` was made in an earlier millisecond than the id `other`, whatever the two name."""
    return _time_of(one) < _time_of(other)


def _time_of(name: str) -> str:
    return name.partition("_")[2][:_TIME_CHARS]
