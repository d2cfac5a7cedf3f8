"""Name the owner's answers as his own program does, in what a stranger's message answers (RFC 5322 3.6.4).

The stranger knows them by our Message-IDs. With his own in their place, the owner's program shows the message
below what he sent. Whatever else stands in the fields, well-formed or not, stays octet for octet.
"""

import re
from collections.abc import Mapping

from mailrelay.message import HeaderField

_FIELDS = frozenset({"references", "in-reply-to"})
_ID = re.compile(rb"<[^<>\s]{1,250}>")
_BETWEEN_IDS = re.compile(rb">[ \t]*<")
_LONGEST_LINE = 998  # octets (RFC 5322 section 2.1.1)


def with_owners_ids(field: HeaderField, owners_ids: Mapping[str, str]) -> HeaderField:
    """Return a field with our Message-IDs in it replaced by the owner's.

    Args:
        field: Any field of a header; only References and In-Reply-To change.
        owners_ids: From ours to his, in angle brackets.
    """
    if field.name.lower() not in _FIELDS:
        return field
    by_ours = {ours.encode(): owners.encode() for ours, owners in owners_ids.items() if _is_plain(owners)}
    raw = _ID.sub(lambda found: by_ours.get(found[0], found[0]), field.raw)
    if raw != field.raw and max(map(len, raw.splitlines())) > _LONGEST_LINE:
        raw = _BETWEEN_IDS.sub(b">\r\n <", raw)
    return HeaderField(field.name, raw)


def _is_plain(message_id: str) -> bool:
    """Return whether an id can stand in any header: one with other letters would need SMTPUTF8."""
    return message_id.isascii() and message_id.isprintable()
