"""Message-IDs of a conversation (RFC 5322 section 3.6.4)."""

import re

from mailrelay.message import RawMessage

_ID = re.compile(r"<[^<>\s]{1,250}>")
_MOST = 50


def thread_of(message: RawMessage) -> str:
    """Return the Message-ID that a message's thread began with, or "" where none is named."""
    return next(iter((*referenced_ids(message), *ids_in_thread(message))), "")


def ids_in_thread(message: RawMessage) -> tuple[str, ...]:
    """Return the ids that a message names: its own and those it answers, each once."""
    values = [*message.all("Message-ID"), *referenced_ids(message)]
    return tuple(dict.fromkeys(found for value in values for found in _ID.findall(value)))[:_MOST]


def referenced_ids(message: RawMessage) -> tuple[str, ...]:
    """Return the ids that a message answers, oldest first, each once."""
    values = [*message.all("References"), *message.all("In-Reply-To")]
    return tuple(dict.fromkeys(found for value in values for found in _ID.findall(value)))[-_MOST:]
