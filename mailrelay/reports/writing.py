"""Write delivery status notifications: failed, delayed, relayed (RFC 3464, RFC 3462, RFC 6533).

A report of ours names the address that was written to. What the owner's mail server said, and which one it
is, stays with us, for it may show his mailbox. Whether a report may be sent at all, and with which status
code, is decided by `delivery.failures`.
"""

import quopri
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum

from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest
from mailrelay.message import HeaderField, RawMessage, canonical_line_ends

_LARGEST_RETURNED = 1024 * 1024  # octets; of larger messages the header comes back (RFC 3461 section 4.3)
# Of the returned header only what its sender wrote himself.
_RETURNED = frozenset({"From", "To", "Cc", "Subject", "Date", "Message-ID"})


class Action(StrEnum):
    """What became of a message (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    RELAYED = "relayed"  # handed to a server of which we know nothing further


@dataclass(frozen=True, slots=True)
class Wording:
    """What a report says to people."""

    subject: str
    text: str


_WORDING = {
    Action.FAILED: Wording(
        "Undelivered mail returned to sender",
        "could not be delivered. It will not be tried again.\n",
    ),
    Action.DELAYED: Wording(
        "Delayed mail (still being tried)",
        "has not been delivered yet. The status code is {status}.\n"
        "It is being tried further; you need not send it again.\n",
    ),
    Action.RELAYED: Wording(
        "Your mail was passed on",
        "was passed on to the next mail server, which may send no further notice.\n",
    ),
}
_OTHER_WAY = "\nThere is another way to reach the holder of the domain:\n\n    {contact_url}\n"
_FRAME = "This is the mail system of {relay_host}.\n\nYour message to\n\n    {recipient}\n\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be reported.

    Attributes:
        recipient: The relay or reply address that was written to.
        status: Enhanced status code (RFC 3463).
        request: What the sender asked for; its identifiers come back to him.
        retry_until: Of a delayed message: when it is given up.
        contact_url: Of a failed message: page by which its recipient can be reached too; "" for none.
    """

    action: Action
    recipient: str
    status: str
    arrived_at: datetime
    request: DsnRequest = NOTHING_ASKED
    retry_until: datetime | None = None
    contact_url: str = ""


def build_dsn(
    outcome: Outcome, original: RawMessage | None, to: str, relay_host: str, now: datetime
) -> RawMessage:
    """Return the report, to be sent with the null reverse-path.

    Args:
        outcome: What happened.
        original: The message as received; None where it is kept no longer.
        to: Mailbox of its sender.
        relay_host: Our name.
        now: Aware UTC.

    Raises:
        ValueError: `to` cannot stand in a header.
    """
    boundary = f"=_{secrets.token_hex(16)}"
    fields = [
        HeaderField.make("From", f"Mail Delivery System <postmaster@{relay_host}>"),
        HeaderField.make("To", to),
        HeaderField.make("Subject", _WORDING[outcome.action].subject),
        HeaderField.make("Date", format_datetime(now)),
        HeaderField.make("Message-ID", f"<{secrets.token_hex(16)}@{relay_host}>"),
        # RFC 3834 section 5; no vacation program answers it.
        HeaderField.make("Auto-Submitted", "auto-replied"),
        HeaderField.make("MIME-Version", "1.0"),
        HeaderField.make(
            "Content-Type", f'multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"'
        ),
    ]
    parts = [_text(outcome, relay_host, returned=original is not None), _status(outcome, relay_host)]
    if original is not None:
        parts.append(_returned(outcome, original))
    opening = f"--{boundary}\r\n".encode()
    body = b"".join(opening + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return RawMessage.assemble(fields, body)


def _text(outcome: Outcome, relay_host: str, *, returned: bool) -> bytes:
    told = (_FRAME + _WORDING[outcome.action].text).format(
        relay_host=relay_host,
        recipient=outcome.recipient,
        status=outcome.status,
    )
    if outcome.action is Action.FAILED and returned:
        told += "Your message, or its header, is attached.\n"
    if outcome.contact_url:
        told += _OTHER_WAY.format(contact_url=outcome.contact_url)
    charset, encoding = ("us-ascii", "7bit") if told.isascii() else ("utf-8", "8bit")
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return (head + told).replace("\n", "\r\n").encode()


def _status(outcome: Outcome, relay_host: str) -> bytes:
    # RFC 6533 section 3: an address in UTF-8 has types of its own.
    address, kind = (
        ("rfc822", "delivery-status") if outcome.recipient.isascii() else ("utf-8", "global-delivery-status")
    )
    about_message = [
        ("Reporting-MTA", f"dns; {relay_host}"),
        ("Original-Envelope-Id", outcome.request.envelope_id),
        ("Arrival-Date", format_datetime(outcome.arrived_at)),
    ]
    about_recipient = [
        ("Original-Recipient", outcome.request.original_recipient),
        ("Final-Recipient", f"{address}; {outcome.recipient}"),
        ("Action", outcome.action.value),
        ("Status", outcome.status),
        ("Will-Retry-Until", format_datetime(outcome.retry_until) if outcome.retry_until else ""),
    ]
    encoding = "7bit" if kind == "delivery-status" else "8bit"
    head = f"Content-Type: message/{kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    ascii_only = kind == "delivery-status"
    return b"\r\n".join([head + _fields(about_message), _fields(about_recipient, ascii_only=ascii_only)])


def _fields(pairs: Iterable[tuple[str, str]], *, ascii_only: bool = True) -> bytes:
    # What a sender made us remember is given back only where it cannot break the report.
    return b"".join(
        HeaderField.make(name, value).raw
        for name, value in pairs
        if value and value.isprintable() and (value.isascii() or not ascii_only)
    )


def _returned(outcome: Outcome, original: RawMessage) -> bytes:
    # RFC 3461 section 6.2: the message itself comes back with failures only.
    full = outcome.action is Action.FAILED and outcome.request.returns_full
    if full and len(original.raw) <= _LARGEST_RETURNED:
        head_is_ascii = all(field.raw.isascii() for field in original.fields)
        kind = "rfc822" if head_is_ascii else "global"
        encoding = "7bit" if original.raw.isascii() else "8bit"
        head = f"Content-Type: message/{kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        return head.encode() + canonical_line_ends(original.raw)
    written = (field.raw for field in original.fields if field.name in _RETURNED)
    fields = canonical_line_ends(b"".join(written))
    if fields.isascii():
        return b"Content-Type: text/rfc822-headers\r\n\r\n" + fields
    head = (
        "Content-Type: text/rfc822-headers; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    )
    text = fields.decode("utf-8", "replace").replace("\r\n", "\n").encode()
    return f"{head}\r\n".encode() + quopri.encodestring(text).replace(b"\n", b"\r\n")
