"""Message-IDs of a conversation (RFC 5322 section 3.6.4), and those by which answers go out.

An answer's Message-ID follows from the owner's by a key: whoever answers it is recognised, and every attempt
to deliver it bears the same one, yet nobody without the key learns the owner's from it.
"""

import hashlib
import hmac
import re

from mailrelay.message import RawMessage

_ID = re.compile(r"<[^<>\s]{1,250}>")
_MOST = 50
_MIN_KEY_OCTETS = 32
_ID_CHARS = 32  # hexadecimal: 128 bits
_ANSWERING = ("references", "in-reply-to")


class AnswerIds:
    """Makes the Message-IDs of answers, and what marks a message that comes by several ways.

    Args:
        key: At least 32 octets, kept secret.
        relay_domain: Domain of the ids.
    """

    def __init__(self, key: bytes, relay_domain: str) -> None:
        if len(key) < _MIN_KEY_OCTETS:
            raise ValueError("the key of Message-IDs needs 32 octets")
        self._key = key
        self._domain = relay_domain
        self._end = f"@{relay_domain}>"

    def of(self, owners: str, relay_id: str, correspondent: str) -> str:
        """Return the id under which a message of the owner goes to one correspondent.

        Two correspondents get different ones: they cannot tell that they were written to at once.

        Args:
            owners: Message-ID of the owner's message, or where it has none, another name of it.
            relay_id: Of the relay address that it goes out by.
            correspondent: Mailbox that it goes to.
        """
        named = f"message-id\0{relay_id}\0{correspondent.lower()}\0{owners}"
        digest = hmac.digest(self._key, named.encode(), hashlib.sha256)
        return f"<{digest.hex()[:_ID_CHARS]}@{self._domain}>"

    def named_in(self, message: RawMessage) -> tuple[str, ...]:
        """Return which ids of this relay's domain a message answers, oldest first, each once."""
        end = self._end.encode()
        # Most messages name none, and are found out without taking their fields apart.
        if not any(end in one.raw for name in _ANSWERING for one in message.named(name)):
            return ()
        return tuple(one for one in referenced_ids(message) if one.endswith(self._end))

    def hint_key(self, mailbox: str) -> bytes:
        """Return the key of the mark by which an owner sees that several of his domains got one message."""
        return hmac.digest(self._key, b"hint\0" + mailbox.lower().encode(), hashlib.sha256)


def own_id(message: RawMessage) -> str:
    """Return the Message-ID in angle brackets, empty where there is none."""
    found = _ID.search(message.first("Message-ID"))
    return found[0] if found else ""


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


def answered_ids(message: RawMessage) -> tuple[str, ...]:
    """Return the ids in In-Reply-To, each once."""
    return tuple(dict.fromkeys(_ID.findall(message.first("In-Reply-To"))))[:_MOST]
