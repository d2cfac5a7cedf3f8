"""The header fields that the relay writes on a message to the owner."""

import base64
import hashlib
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from itertools import islice

from mailrelay.addresses import Mailbox, empty_group, format_mailbox, parse_mailboxes
from mailrelay.message import LOOP_HEADER, HeaderField, RawMessage
from mailrelay.rewriting.forward.facts import ForwardFacts
from mailrelay.rewriting.forward.strangers_fields import shown

_LONGEST_AUTHOR = 200
_MOST_SHOWN = 20
_MOST_OCTETS = 8 * 1024  # of the recipients that are looked at
_WIDE_AT_SIGNS = "\uff20", "\ufe6b"


def own_fields(message: RawMessage, author: Mailbox | None, facts: ForwardFacts) -> list[HeaderField]:
    """Return what stands before the stranger's fields."""
    date = _date(facts.received_at.replace(microsecond=0))
    # RFC 5321 4.4 wants it; where the message came from is in the fields of the hosts before us.
    fields = [
        _own("Received", f"by {facts.relay_host} with {facts.protocol} id {facts.queue_id};\r\n {date}")
    ]
    if facts.authentication:
        fields.append(_own("Authentication-Results", facts.authentication))
    fields += _marks(facts.domain, facts.author_verdict, facts.verdicts, facts.score, facts.relay_host)
    if facts.hint_key:
        fields.append(_own("X-Whoisproxy-Message", _hint(message, facts.hint_key)))
    if facts.answer_url:
        fields.append(_own("X-Whoisproxy-Answer", f"<{facts.answer_url}>"))
    if facts.block_url:
        fields += (_own("List-Unsubscribe", f"<{facts.block_url}>"), _ONE_CLICK)
    fields += _addresses(message, author, facts)
    # RFC 5322 section 3.6 wants both, and so do large receivers. They do not change when it is sent again.
    if not message.named("date"):
        fields.append(_own("Date", date))
    if not message.named("message-id"):
        fields.append(_own("Message-ID", f"<{facts.queue_id}@{facts.relay_host}>"))
    return fields


def _own(name: str, value: str) -> HeaderField:
    """Make a field of a value that the relay wrote itself: nothing in it can end the field."""
    return HeaderField(name, f"{name}: {value}\r\n".encode())


_ONE_CLICK = _own("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


# Domains and verdicts come again and again.
@lru_cache(maxsize=1024)
def _marks(
    domain: str, author_verdict: str, verdicts: tuple[str, ...], score: float | None, relay_host: str
) -> list[HeaderField]:
    """Return what filters and people go by."""
    marks = [
        ("X-Whoisproxy-Domain", domain),
        ("X-Whoisproxy-Authentication", author_verdict),
        ("X-Whoisproxy-Verdict", ";\r\n ".join(verdicts) or "none"),
        ("X-Whoisproxy-Score", "" if score is None else f"{score:.1f}"),
        (LOOP_HEADER, relay_host),
    ]
    return [HeaderField.make(name, value) for name, value in marks if value]


def _hint(message: RawMessage, key: bytes) -> str:
    """Return a mark that is the same for one message to any of the owner's domains, and says nothing else."""
    fields = message.named("message-id") or [
        one for name in ("date", "from", "subject") for one in message.named(name)
    ]
    digest = hashlib.blake2b(b"".join([one.raw for one in fields]), key=key, digest_size=15)
    return base64.b32encode(digest.digest()).decode().lower()


def _addresses(message: RawMessage, author: Mailbox | None, facts: ForwardFacts) -> list[HeaderField]:
    shown_author = format_mailbox(_shown_author(author, facts.domain), facts.reply_address)
    fields = [
        _own("From", shown_author),
        _own("Reply-To", facts.reply_address),
        _own("To", facts.relay_address),
    ]
    recipients = [*message.named("to"), *message.named("cc")]
    others = _others(recipients, facts.relay_address)
    if others:
        # An answer to all must reach no one but through the relay: a group without members shows them and
        # has no address (RFC 5322 section 3.4).
        fields.append(HeaderField.make("Cc", empty_group(others)))
        fields += map(shown, recipients)
    return fields


def _others(recipients: list[HeaderField], relay_address: str) -> str:
    """Return who else was written to, for display."""
    raw = b"".join([one.raw for one in recipients])
    if raw.count(b"@") == raw.lower().count(relay_address.encode()):
        return ""
    found = (
        mailbox
        for one in recipients
        for mailbox in parse_mailboxes(one.value[:_MOST_OCTETS])
        if mailbox.address.lower() != relay_address
    )
    names = [", ".join(filter(None, (one.display, one.address))) for one in islice(found, _MOST_SHOWN + 1)]
    if len(names) > _MOST_SHOWN:
        names[_MOST_SHOWN] = "..."
    return _without_at_signs(" / ".join(names))


# Much mail comes within one second.
@lru_cache(maxsize=64)
def _date(second: datetime) -> str:
    return format_datetime(second)


def _shown_author(author: Mailbox | None, domain: str) -> str:
    via = f" (via {domain})"
    if author is None:
        return f"unknown sender{via}"
    address = author.address
    display = author.display.strip()[:100]
    shown_as = _without_at_signs(f"{display}, {address}" if display else address)
    return shown_as[: _LONGEST_AUTHOR - len(via)] + via


def _without_at_signs(text: str) -> str:
    # Programs take a name with one for the address, filters for a forgery.
    if not text.isascii():
        for sign in _WIDE_AT_SIGNS:
            text = text.replace(sign, "@")
    return text.replace("@", " at ")
