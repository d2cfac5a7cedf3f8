"""Make a stranger's message fit for the owner: correspondent -> owner.

The body is passed on octet for octet. The header says who wrote, by which domain, and leads every
answer through the relay: From and Reply-To are the reply address, so that the message is aligned with
our own signature (RFC 9989). Fields by which the owner's software would contact the stranger directly,
and fields that would be false now, are dropped.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from mailrelay.addresses import Mailbox, format_mailbox, parse_mailboxes
from mailrelay.authentication.results_field import claims_to_be
from mailrelay.message import LOOP_HEADER, HeaderField, RawMessage

_OURS = "x-whoisproxy-"
_DROPPED = frozenset(
    {
        # Replaced by our own.
        "from",
        "reply-to",
        "to",
        "cc",
        # Trace and envelope of others, who have no say here.
        "return-path",
        "bcc",
        "sender",
        "delivered-to",
        "x-original-to",
        # No signature survives the new From (RFC 6376 5.4).
        "dkim-signature",
        "domainkey-signature",
        # Software of the owner would answer these by itself, from his own mailbox.
        "disposition-notification-to",
        "disposition-notification-options",
        "return-receipt-to",
        "x-confirm-reading-to",
        "errors-to",
        "mail-followup-to",
        "mail-reply-to",
        "original-recipient",
    }
)
_CHAIN = frozenset({"arc-seal", "arc-message-signature", "arc-authentication-results"})
_RESULTS = "authentication-results"
_DROPPED_KINDS = ("resent-", "list-", _OURS)


@dataclass(frozen=True, slots=True)
class ForwardFacts:
    """What is known when a message is passed on.

    Attributes:
        domain: The owner's registered domain, as shown.
        relay_address: Address written to.
        reply_address: Address by which the owner answers this correspondent.
        relay_host: Our name in Received, Authentication-Results.
        authentication: Value of our Authentication-Results field; empty adds none.
        verdicts: What the checks said, as `check=action (reason)`.
        protocol: By which it came (RFC 3848, RFC 6531 section 4.3).
        keeps_chain: Whether an ARC set of ours is to follow those that the message has (RFC 8617).
    """

    domain: str
    relay_address: str
    reply_address: str
    relay_host: str
    authentication: str
    verdicts: tuple[str, ...]
    queue_id: str
    received_at: datetime
    protocol: str = "ESMTP"
    keeps_chain: bool = False


def author_of(message: RawMessage, reverse_path: str) -> Mailbox | None:
    """Return who wrote, for display: the From mailbox, else the reverse-path."""
    for value in (message.first("From"), reverse_path):
        for mailbox in parse_mailboxes(value):
            return mailbox
    return None


def correspondent_of(message: RawMessage, reverse_path: str) -> Mailbox | None:
    """Return who gets the answer (RFC 5322 3.6.2): the only Reply-To mailbox, else the author."""
    wanted = parse_mailboxes(message.first("Reply-To"))
    return wanted[0] if len(wanted) == 1 else author_of(message, reverse_path)


def rewrite_forward(message: RawMessage, author: Mailbox | None, facts: ForwardFacts) -> RawMessage:
    """Return the message for the owner; its body is that of `message`, whose line ends are CRLF already."""
    kept = [field for field in message.fields if not _is_dropped(field.name.lower(), facts.keeps_chain)]
    if message.count(_RESULTS):
        kept = [field for field in kept if not _is_forged(field, facts.relay_host)]
    return RawMessage.assemble([*_trace(facts), *_addresses(message, author, facts), *kept], message.body)


# Mail has few names of fields, and every message has most of them.
@lru_cache(maxsize=1024)
def _is_dropped(name: str, keeps_chain: bool) -> bool:  # noqa: FBT001 - for `lru_cache`
    if name in _CHAIN:
        return not keeps_chain
    return name in _DROPPED or name.startswith(_DROPPED_KINDS)


def _is_forged(field: HeaderField, relay_host: str) -> bool:
    # RFC 8601 section 5: results under our name that are not ours are forged.
    return field.name.lower() == _RESULTS and claims_to_be(field.value, relay_host)


def _trace(facts: ForwardFacts) -> list[HeaderField]:
    # RFC 5321 4.4 wants Received; where it came from is in the fields of the hosts before us.
    received = (
        f"by {facts.relay_host} with {facts.protocol} id {facts.queue_id};\r\n"
        f" {_date(facts.received_at.replace(microsecond=0))}"
    )
    verdict = ";\r\n ".join(facts.verdicts) or "none"
    fields = [HeaderField.make("Received", received)]
    if facts.authentication:
        fields.append(HeaderField.make("Authentication-Results", facts.authentication))
    return [
        *fields,
        HeaderField.make("X-Whoisproxy-Domain", facts.domain),
        HeaderField.make("X-Whoisproxy-Verdict", verdict),
        HeaderField.make(LOOP_HEADER, facts.relay_host),
    ]


def _addresses(message: RawMessage, author: Mailbox | None, facts: ForwardFacts) -> list[HeaderField]:
    fields = [
        HeaderField.make("From", format_mailbox(_shown_author(author, facts.domain), facts.reply_address)),
        HeaderField.make("Reply-To", facts.reply_address),
        # An answer to all must reach no one but through the relay: the others are only told.
        HeaderField.make("To", facts.relay_address),
    ]
    for name in ("To", "Cc"):
        fields += [
            HeaderField(f"X-Whoisproxy-Original-{name}", b"X-Whoisproxy-Original-" + one.raw)
            for one in message.named(name.lower())
        ]
    return fields


# Much mail comes within one second.
@lru_cache(maxsize=64)
def _date(second: datetime) -> str:
    return format_datetime(second)


def _shown_author(author: Mailbox | None, domain: str) -> str:
    if author is None:
        return f"unknown sender (via {domain})"
    # No "@" in a display name: programs take such a name for the address, filters for a forgery.
    mailbox = f"{author.local_part} at {author.domain}"
    display = author.display.replace("@", " at ").strip()[:100]
    return f"{display}, {mailbox} (via {domain})" if display else f"{mailbox} (via {domain})"
