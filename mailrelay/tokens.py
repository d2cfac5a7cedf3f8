"""Short-lived names with a keyed proof, in characters that survive mailboxes and links.

A token is a name, the day on which it ends, and 100 bits of HMAC-SHA-256 over both and over what the token
is for; all of it in Crockford's base32 in lower case, since mail servers may change the case of a local part.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
_EPOCH_DAY_CHARS = 4  # 20 bits of days since 1970: enough for 2,800 years
_PROOF_CHARS = 20  # 100 bits
_TOKEN = re.compile(f"([{ALPHABET}]+)([{ALPHABET}]{{{_EPOCH_DAY_CHARS}}})([{ALPHABET}]{{{_PROOF_CHARS}}})")
_MIN_KEY_OCTETS = 32


class Tokens:
    """Makes and reads the tokens of one purpose.

    Args:
        key: At least 32 octets, kept secret; several purposes may share it.
        purpose: Token of one is none of another.
        lifetime: How long a token is good.

    Raises:
        ValueError: The key is too short.
    """

    def __init__(self, key: bytes, purpose: str, lifetime: timedelta) -> None:
        if len(key) < _MIN_KEY_OCTETS:
            raise ValueError("the key of tokens needs 32 octets")
        self._key = key
        self._prefix = purpose.encode() + b"\0"
        self._lifetime = lifetime

    def encode(self, name: str, now: datetime) -> str:
        """Return the token for a name, which is of ALPHABET and not empty."""
        signed = name + base32(_days(now + self._lifetime), _EPOCH_DAY_CHARS)
        return signed + self._proof(signed)

    def decode(self, token: str, now: datetime) -> str | None:
        """Return the name, or None where the token is forged, cut, expired, or for something else."""
        found = _TOKEN.fullmatch(token)
        if found is None or not hmac.compare_digest(found[3], self._proof(found[1] + found[2])):
            return None
        return found[1] if _days(now) <= _number(found[2]) else None

    def _proof(self, signed: str) -> str:
        digest = hmac.digest(self._key, self._prefix + signed.encode(), hashlib.sha256)
        return base32(int.from_bytes(digest, "big") >> (256 - 5 * _PROOF_CHARS), _PROOF_CHARS)


def base32(value: int, length: int) -> str:
    """Write `value` as `length` characters of ALPHABET, an even number, most significant first."""
    return "".join([_PAIRS[value >> place & 1023] for place in range(5 * (length - 2), -1, -10)])


def _number(chars: str) -> int:
    return sum(ALPHABET.index(char) << 5 * place for place, char in enumerate(reversed(chars)))


def _days(at: datetime) -> int:
    return int(at.timestamp() // 86400)
