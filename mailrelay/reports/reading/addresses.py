"""Find mailboxes in what servers write (RFC 5321 4.1.2, RFC 6531), and tell the interesting ones."""

import re

_LOCAL = r"(?:\"[^\"\s]{1,64}\"|[\w!#$%&'*+/=?^`{|}~.-]{1,128})"
_DOMAIN = r"(?:[^\W_](?:[\w.-]{0,253}[^\W_])?|\[[0-9a-fA-F:.]{3,60}\])"
ADDRESS = rf"{_LOCAL}@{_DOMAIN}"
"""Pattern of a mailbox; bounded, so that hostile text costs no more than its length."""

_FOUND = re.compile(ADDRESS)
_MACHINES = frozenset(
    {"mailerdaemon", "postmaster", "poostmaster", "maildaemon", "maildeliverysystem", "mailersystem"}
)
_NO_LETTER = re.compile(r"[\W_]+")


def addresses_in(text: str) -> list[str]:
    """Return the mailboxes in `text` in order, each once."""
    return list({found[0].lower(): found[0] for found in _FOUND.finditer(text)}.values())


def is_machine(address: str) -> bool:
    """Whether mail from here is written by software."""
    return _NO_LETTER.sub("", address.partition("@")[0]).lower() in _MACHINES


def is_whole(address: str) -> bool:
    """Whether nothing was left out; Google Groups shows an address as `ann...@home.example`."""
    return "...@" not in address


def recipient_of(value: str) -> str:
    """Return the mailbox of a field like Final-Recipient: `rfc822; a@b.example` (RFC 3464 2.3.2), or ""."""
    _, semicolon, rest = value.partition(";")
    found = addresses_in(rest if semicolon else value)
    return found[0] if found and is_whole(found[0]) else ""
