"""Links that an owner gets by mail: whoever has one may do what it is for, and nobody else.

A link names a reply address, a queued message or an owner's quarantine, ends on its day, and bears a keyed
proof of both and of what it is for. It names no person. There is no session: the link is the whole of what is
known of its user.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from mailrelay.tokens import ALPHABET, Tokens

_NAME = re.compile(f"[{ALPHABET}]{{1,64}}")
_MESSAGE = "msg_"
_QUARANTINE = "qua_"


class Purpose(StrEnum):
    """What a link is for, as it stands in its path."""

    ANSWER = "a"  # write to the correspondent of a reply address
    STOP = "s"  # keep his mail away (RFC 8058)
    CONFIRM = "c"  # decide on an answer that was held
    QUARANTINE = "q"  # see all that is held for an owner
    HELD = "m"  # look at one held message and decide on it
    DIGEST = "d"  # say how often to be told of held mail, or not at all (RFC 8058)


_LIFETIMES = {
    Purpose.ANSWER: timedelta(days=90),
    # Whoever wants no more mail may do so with any message that he finds.
    Purpose.STOP: timedelta(days=365),
    # Longer than held mail is kept by default.
    Purpose.CONFIRM: timedelta(days=60),
    Purpose.QUARANTINE: timedelta(days=60),
    Purpose.HELD: timedelta(days=60),
    Purpose.DIGEST: timedelta(days=365),
}


class Links:
    """Makes and reads links below one address.

    Args:
        base_url: Where the pages are, as the outside sees them.
        key: At least 32 octets, kept secret.
    """

    def __init__(self, base_url: str, key: bytes) -> None:
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._tokens = {
            purpose: Tokens(key, f"link-{purpose.name.lower()}", lifetime)
            for purpose, lifetime in _LIFETIMES.items()
        }

    def at(self, host: str) -> "Links":
        """Return the same links below another host name; "" for that which they have anyway."""
        if not host:
            return self
        return Links(urlsplit(self._base_url)._replace(netloc=host).geturl(), self._key)

    def answer(self, reply_address: str, now: datetime) -> str:
        """Return the link to write to a correspondent; empty where no link can name the address."""
        return self._to(Purpose.ANSWER, reply_address.partition("@")[0], now)

    def stop(self, reply_address: str, now: datetime) -> str:
        """Return the link to keep a correspondent's mail away; empty where no link can name the address."""
        return self._to(Purpose.STOP, reply_address.partition("@")[0], now)

    def confirm(self, message_id: str, now: datetime) -> str:
        """Return the link to decide on a held answer; empty for what is no id of a queued message."""
        return self._to(Purpose.CONFIRM, message_id.removeprefix(_MESSAGE), now)

    def held(self, message_id: str, now: datetime) -> str:
        """Return the link to one held message; empty for what is no id of a queued message."""
        return self._to(Purpose.HELD, message_id.removeprefix(_MESSAGE), now)

    def quarantine(self, quarantine_id: str, now: datetime) -> str:
        """Return the link to all that is held for an owner."""
        return self._to(Purpose.QUARANTINE, quarantine_id.removeprefix(_QUARANTINE), now)

    def digest(self, quarantine_id: str, now: datetime) -> str:
        """Return the link by which an owner says how often he is told of held mail."""
        return self._to(Purpose.DIGEST, quarantine_id.removeprefix(_QUARANTINE), now)

    def reply_local_part(self, purpose: Purpose, token: str, now: datetime) -> str | None:
        """Return the local part of the reply address that a token is for, or None for no token of ours."""
        return self._tokens[purpose].decode(token, now)

    def message_id(self, token: str, now: datetime, purpose: Purpose = Purpose.CONFIRM) -> str | None:
        """Return the id of the held message that a token is for, or None for no token of ours."""
        name = self._tokens[purpose].decode(token, now)
        return None if name is None else _MESSAGE + name

    def quarantine_id(self, purpose: Purpose, token: str, now: datetime) -> str | None:
        """Return the id of the owner's quarantine that a token is for, or None for no token of ours."""
        name = self._tokens[purpose].decode(token, now)
        return None if name is None else _QUARANTINE + name

    def _to(self, purpose: Purpose, name: str, now: datetime) -> str:
        if not _NAME.fullmatch(name):
            return ""
        return f"{self._base_url}/{purpose}/{self._tokens[purpose].encode(name, now)}"
