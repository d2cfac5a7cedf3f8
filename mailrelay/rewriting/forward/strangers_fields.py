"""What becomes of each header field of a stranger's message: one table.

Fields by which the owner's software would contact the stranger directly, and fields that would be false now,
do not come along. What is kept, is kept octet for octet; only blanks before a colon go, and the owner's
answers are named as he knows them.
"""

from enum import Enum, auto
from functools import lru_cache

from mailrelay.authentication.results_field import claims_to_be
from mailrelay.message import HeaderField, RawMessage
from mailrelay.rewriting.forward.facts import ForwardFacts
from mailrelay.rewriting.forward.thread_fields import with_owners_ids

ORIGINAL = "X-Whoisproxy-Original-"
"""Before the name of a field that is only shown: no program acts on it."""

_COLON = ord(":")


class Treatment(Enum):
    """What becomes of a field."""

    KEPT = auto()
    ONCE = auto()  # the first of its name is kept: readers must not differ in which one they show
    SHOWN = auto()  # kept under another name
    CHAIN = auto()  # an ARC set: kept where one of ours follows
    RESULTS = auto()  # kept unless it speaks in our name
    DROPPED = auto()


_GROUPS = {
    # RFC 5322 section 3.6, RFC 2045 section 3, RFC 2183, RFC 3834 section 5, RFC 2919.
    Treatment.ONCE: (
        "subject", "date", "message-id", "in-reply-to", "references",
        "mime-version", "content-type", "content-transfer-encoding", "content-disposition",
        "content-id", "content-description", "auto-submitted", "list-id",
    ),
    Treatment.CHAIN: ("arc-seal", "arc-message-signature", "arc-authentication-results"),
    Treatment.RESULTS: ("authentication-results",),
    Treatment.DROPPED: (
        # Replaced by our own.
        "from", "reply-to", "to", "cc",
        # Trace and envelope of others, who have no say here.
        "return-path", "bcc", "sender", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to",
        "apparently-to", "original-recipient",
        # No signature survives the new From (RFC 6376 section 5.4).
        "dkim-signature", "domainkey-signature",
        # Software of the owner would answer these by itself, from his own mailbox.
        "disposition-notification-to", "disposition-notification-options", "return-receipt-to",
        "return-receipt-requested", "read-receipt-to", "x-confirm-reading-to", "errors-to",
        "mail-followup-to", "mail-reply-to", "mail-copies-to", "abuse-reports-to",
        # Orders to the hosts on the way (RFC 7293, RFC 8689), and marks of a mailbox that it lay in.
        "require-recipient-valid-since", "tls-required", "status", "x-status", "content-length",
    ),
}  # fmt: skip
_BY_NAME = {name: treatment for treatment, names in _GROUPS.items() for name in names}
_BY_PREFIX = (
    ("resent-", Treatment.DROPPED),
    ("bimi-", Treatment.DROPPED),
    ("x-whoisproxy-", Treatment.DROPPED),
    # RFC 2369, RFC 8058: they lead to the stranger, past the relay.
    ("list-", Treatment.SHOWN),
)


def strangers_fields(message: RawMessage, facts: ForwardFacts) -> list[HeaderField]:
    """Return the fields of the message that go on to the owner, in their order."""
    kept: list[HeaderField] = []
    once: set[str] = set()
    for field in message.fields:
        treatment = _treatment(field.name)
        if treatment is Treatment.KEPT:
            kept.append(field)
        elif treatment is Treatment.ONCE:
            if (name := field.name.lower()) not in once:
                once.add(name)
                kept.append(field)
        elif treatment is Treatment.SHOWN:
            kept.append(shown(field))
        elif (treatment is Treatment.CHAIN and facts.keeps_chain) or (
            # RFC 8601 section 5: results under our name that are not ours are forged.
            treatment is Treatment.RESULTS and not claims_to_be(field.value, facts.relay_host)
        ):
            kept.append(field)
    if facts.owners_ids:
        kept = [with_owners_ids(one, facts.owners_ids) for one in kept]
    return [one if one.raw[len(one.name)] == _COLON else _tidy(one) for one in kept]


def _tidy(field: HeaderField) -> HeaderField:
    """RFC 5322 section 4.5 allows blanks before the colon; for many programs the header ends there."""
    return HeaderField(field.name, field.name.encode() + b":" + field.raw.partition(b":")[2])


def shown(field: HeaderField) -> HeaderField:
    """Return the field under a name on which no program acts."""
    return HeaderField(ORIGINAL + field.name, ORIGINAL.encode() + field.raw)


# Mail has few names of fields, and every message has most of them.
@lru_cache(maxsize=1024)
def _treatment(name: str) -> Treatment:
    lower = name.lower()
    by_prefix = (treatment for prefix, treatment in _BY_PREFIX if lower.startswith(prefix))
    return _BY_NAME.get(lower) or next(by_prefix, Treatment.KEPT)
