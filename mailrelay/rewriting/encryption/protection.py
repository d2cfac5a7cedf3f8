"""Header protection (RFC 9788): the header goes into the encrypted part, and little of it stays outside.

Outside stands what hosts and filters on the way need and what keeps a conversation together; of the subject
only that there is one. Programs that came before RFC 9788 know a protected header by `protected-headers`.
"""

from collections.abc import Sequence

from mailrelay.message import HeaderField
from mailrelay.rewriting.encryption.keys import EncryptionKey
from mailrelay.rewriting.entity import Entity, multipart

_PARAMETERS = '; hp="cipher"; protected-headers="v1"'
_SUBJECT = HeaderField("Subject", b"Subject: ...\r\n")
# Of the way and of the relay, not of the message: they do not go inside.
_ONLY_OUTSIDE = frozenset(
    {
        "mime-version", "received", "authentication-results",
        "arc-seal", "arc-message-signature", "arc-authentication-results",
        "list-unsubscribe", "list-unsubscribe-post", "x-whoisproxy-loop", "x-whoisproxy-message",
        "x-whoisproxy-domain", "x-whoisproxy-authentication", "x-whoisproxy-verdict", "x-whoisproxy-score",
    }
)  # fmt: skip
# On both sides, so that mail is delivered, sorted and threaded by programs that cannot read the inside.
_OUTSIDE_TOO = frozenset(
    {
        "from", "reply-to", "to", "date", "message-id", "in-reply-to", "references", "auto-submitted",
        "precedence", "list-id",
    }
)  # fmt: skip


def encrypted(
    fields: Sequence[HeaderField], parts: Sequence[Entity], key: EncryptionKey
) -> tuple[list[HeaderField], Entity]:
    """Return the outer fields of a message, in their order, and its encrypted content.

    Args:
        fields: The header without the fields of the content.
        parts: What the message holds, as it is.
        key: Of whoever may read it.

    Raises:
        UnusableKey: It cannot be encrypted.
    """
    outer = [one for field in fields for one in _outside(field)]
    inner = [one for one in fields if one.name.lower() not in _ONLY_OUTSIDE]
    # RFC 9788 section 2.2: the inside says what it shows outside, so that a reader sees what was hidden.
    hints = [
        HeaderField("HP-Outer", b"HP-Outer: " + one.raw)
        for one in outer
        if one.name.lower() not in _ONLY_OUTSIDE
    ]
    content = multipart("mixed", parts, _PARAMETERS)
    payload = Entity((*inner, *hints, *content.fields), content.body)
    return outer, key.enveloped(payload.octets)


def _outside(field: HeaderField) -> Sequence[HeaderField]:
    name = field.name.lower()
    if name == "subject":
        return (_SUBJECT,)
    return (field,) if name in _ONLY_OUTSIDE or name in _OUTSIDE_TOO else ()
