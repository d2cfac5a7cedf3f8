"""Ids of queued messages: they sort by time, and name the queue file that holds the message.

`msg_` and 26 characters of base32: 10 for the milliseconds since 1970, 15 at random (75 bits), and one for
the slot, which is the number of the queue file.
"""

import random
from datetime import datetime

from mailrelay.tokens import ALPHABET, base32

PREFIX = "msg_"
SLOTS = len(ALPHABET)
"""How many slots an id can name."""

_TIME_CHARS, _RANDOM_CHARS = 10, 16  # of the latter, the slot takes the place of the last
_ID_CHARS = len(PREFIX) + _TIME_CHARS + _RANDOM_CHARS


def new_message_id(now: datetime, slot: int = 0) -> str:
    """Return an id for a message that is kept in a slot."""
    # An id must be unique; nothing depends on its being secret. This is quicker than a call of the system.
    chars = base32(random.getrandbits(5 * _RANDOM_CHARS), _RANDOM_CHARS)
    return f"{first_id(now)}{chars[:-1]}{ALPHABET[slot]}"


def first_id(at: datetime) -> str:
    """Return what sorts before the ids made at a time, and after all earlier ones."""
    return PREFIX + base32(int(at.timestamp() * 1000), _TIME_CHARS)


def slot_of(message_id: str) -> int | None:
    """Return the slot that an id names; None for what cannot be an id."""
    if len(message_id) != _ID_CHARS or not message_id.startswith(PREFIX):
        return None
    slot = ALPHABET.find(message_id[-1])
    return None if slot < 0 else slot
