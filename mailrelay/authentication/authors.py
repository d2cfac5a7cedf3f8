"""Read the authors of a message from its From field (RFC 5322 section 3.6.2)."""

import re
from collections.abc import Sequence

from mailrelay.addresses import address_pairs
from mailrelay.authentication.names import a_labels

_MAX_CHARACTERS = 4_000
_UNSAFE = re.compile(r"[\s<>\x00-\x1f]")
# What nearly every From field looks like: an address alone or in brackets, after a plain or quoted name. Any
# reader sees the same author in it; everything else is left to the full parser.
_PLAIN = re.compile(
    r'(?:(?:"[^"\\\r\n]*"|[^"(),:;<>@\[\]\\]*)\s*<)?'
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>?"
)


def read_authors(values: Sequence[str]) -> tuple[str, ...]:
    """Return the mailboxes of the From field, domains as lower-case A-labels.

    Args:
        values: Unfolded value of each From field.

    Returns:
        Nothing where there is not exactly one such field or any of it is no mailbox: with a parser in doubt,
        a reader's program may see another author than we do.
    """
    if len(values) != 1 or len(values[0]) > _MAX_CHARACTERS:
        return ()
    plain = _PLAIN.fullmatch(values[0])
    if plain is not None and values[0].endswith(">") == ("<" in values[0]):
        domain = a_labels(plain["domain"])
        return (f"{plain['local']}@{domain}",) if domain else ()
    mailboxes = [address for _, address in address_pairs(values[0])]
    authors = [normal_mailbox(mailbox) for mailbox in mailboxes]
    return () if "" in authors else tuple(authors)


def normal_mailbox(mailbox: str) -> str:
    """Return a mailbox with its domain as lower-case A-labels, or nothing where it is none."""
    local, at, domain = mailbox.strip().rpartition("@")
    if not at or not local or _UNSAFE.search(mailbox.strip()):
        return ""
    labels = a_labels(domain)
    return f"{local}@{labels}" if labels else ""
