"""Mailboxes in headers, and the return addresses of what we send (RFC 5322 section 3.4, RFC 5321).

A return address (VERP) names the queued message that it was made for, the day it expires, and a keyed
proof of both, so that nobody can report a failure that did not happen. It names no person.
"""

import re
import textwrap
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import getaddresses, quote

from mailrelay.tokens import ALPHABET, Tokens

_ID = re.compile(f"[{ALPHABET}]{{26}}")
_PREFIX = "b-"
# Nearly every author: words of letters and digits, and a mailbox in brackets, or the mailbox alone. What else
# RFC 5322 section 3.4 allows is left to `email`, which says the same of these, in ten times the time.
_SIMPLE = re.compile(
    r"(?:((?:[A-Za-z0-9_-]+ +)*)<)?"
    r"([\w+-]+(?:\.[\w+-]+)*)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?(1)>)",
    re.ASCII,
)
_SAFE_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_LONGEST_DISPLAY = 200
_WORD_OCTETS = 45  # RFC 2047 section 2: a word has 75 characters at most
_FOLDER = textwrap.TextWrapper(72, break_on_hyphens=False, break_long_words=False)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox with its display name; the domain in lower case."""

    display: str
    local_part: str
    domain: str

    @property
    def address(self) -> str:
        """`local-part@domain`."""
        return f"{self.local_part}@{self.domain}"


def split_address(address: str) -> tuple[str, str]:
    """Return local part and lower-case domain.

    Raises:
        ValueError: There is no local part or no domain, or either holds blanks or controls.
    """
    local_part, _, domain = address.rpartition("@")
    if not local_part or not domain or re.search(r"[\s\x00-\x1f\x7f<>]", address):
        raise ValueError("not a mailbox")
    return local_part, domain.lower()


def simple_mailbox(value: str) -> Mailbox | None:
    """Return the mailbox of an address header that holds one, in the plainest of forms; else None."""
    if (found := _SIMPLE.fullmatch(value)) is None:
        return None
    return Mailbox(" ".join((found[1] or "").split()), found[2], found[3].lower())


def address_pairs(value: str) -> list[tuple[str, str]]:
    """Return display name and address of each entry of an address header, as odd as they stand there.

    Never raises; what `email` cannot read, as hundreds of comments within comments, names nobody.
    """
    try:
        return getaddresses([value])
    except (RecursionError, ValueError, LookupError, TypeError):
        return []


def parse_mailboxes(value: str) -> tuple[Mailbox, ...]:
    """Return the mailboxes of an address header in order; what is no mailbox is left out. Never raises."""
    if "@" not in value:
        return ()
    if simple := simple_mailbox(value):
        return (simple,)
    found = []
    for display, address in address_pairs(value):
        try:
            local_part, domain = split_address(address)
        except ValueError:
            continue
        found.append(Mailbox(decoded(display), local_part, domain))
    return tuple(found)


def decoded(value: str) -> str:
    """Return a header value with its encoded words (RFC 2047) decoded, as it stands where they are broken."""
    if "=?" not in value and value.isascii():
        return value
    try:
        # UTF-7 can bring half characters, which no other charset can write.
        return str(make_header(decode_header(value))).encode("utf-8", "replace").decode("utf-8")
    except (MessageError, LookupError, ValueError, AssertionError):
        return value


def format_mailbox(display: str, address: str) -> str:
    """Return a header value `display <address>`, encoded and folded where needed.

    Controls and invisible characters in `display` become blanks: they serve only to deceive.
    """
    shown = display if display.isascii() and display.isprintable() else _UNSEEN.sub(" ", display)
    shown = shown.strip()[:_LONGEST_DISPLAY]
    if not shown:
        return address
    # What looks like an encoded word would be decoded by the reader's program into something else.
    if not shown.isascii() or "=?" in shown:
        return f"{encoded(shown)}\r\n <{address}>"
    if _SAFE_PHRASE.fullmatch(shown):
        return f"{shown} <{address}>"
    return f'"{quote(shown)}" <{address}>'


def empty_group(display: str) -> str:
    """Return a header value that shows `display` and holds no address: a group of nobody (RFC 5322 3.4)."""
    shown = _UNSEEN.sub(" ", display).strip()
    if not shown.isascii() or "=?" in shown:
        return f"{encoded(shown)}:;"
    # A quoted string may be folded where it has blanks.
    return "\r\n ".join(_FOLDER.wrap(f'"{quote(shown)}":;'))


def encoded(text: str) -> str:
    """Return text as encoded words (RFC 2047), folded with CRLF; half characters become question marks."""
    octets = text.encode("utf-8", "replace")
    words: list[str] = []
    start = 0
    while start < len(octets):
        end = start + _WORD_OCTETS
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # noqa: PLR2004 - within a character
            end -= 1
        words.append(f"=?utf-8?b?{b2a_base64(octets[start:end], newline=False).decode()}?=")
        start = end
    return "\r\n ".join(words)


class BounceAddresses:
    """Makes and reads return addresses of one relay domain.

    Args:
        key: At least 32 octets, kept secret.
        relay_domain: Domain of the addresses.
        lifetime: How long reports of failure are believed.
    """

    def __init__(self, key: bytes, relay_domain: str, lifetime: timedelta = timedelta(days=14)) -> None:
        self._tokens = Tokens(key, "return-address", lifetime)
        self._domain = relay_domain.lower()

    def encode(self, message_id: str, now: datetime) -> str:
        """Return the return address for a queued message.

        Raises:
            ValueError: `message_id` is not one of the queue's.
        """
        name = message_id.removeprefix("msg_")
        if not _ID.fullmatch(name):
            raise ValueError("not the id of a queued message")
        return f"{_PREFIX}{self._tokens.encode(name, now)}@{self._domain}"

    def decode(self, address: str, now: datetime) -> str | None:
        """Return the id of the message, or None where the address is not ours, forged or expired."""
        local_part, _, domain = address.lower().rpartition("@")
        if domain != self._domain or not local_part.startswith(_PREFIX):
            return None
        name = self._tokens.decode(local_part.removeprefix(_PREFIX), now)
        return None if name is None else f"msg_{name}"
