"""Write delivery status notifications (RFC 3464, RFC 3462).

A report of ours names the relay address only. What the owner's mail server said stays with us, for it
may quote his mailbox; the status code alone is passed on.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from mailrelay.message import RawMessage

_SUBJECT = "Undelivered mail returned to sender"
_TEXT = """\
This is the mail system of {relay_host}.

Your message to

    {recipient}

could not be delivered{when}. The status code is {status}.
It will not be tried again. The header of your message is attached.
"""
# Of the returned header only what its sender wrote himself.
_RETURNED = ("From", "To", "Cc", "Subject", "Date", "Message-ID")


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that finally failed.

    Attributes:
        recipient: The relay or reply address that was written to.
        status: Enhanced status code (RFC 3463), `5.x.y`.
    """

    recipient: str
    status: str
    arrived_at: datetime


def build_dsn(
    failure: Failure, original: RawMessage | None, to: str, relay_host: str, now: datetime
) -> RawMessage:
    """Return the report, to be sent with the null reverse-path.

    Args:
        failure: What happened.
        original: The message as received; None where it is kept no longer.
        to: Mailbox of its sender.
        relay_host: Our name.
        now: Aware UTC.
    """
    when = "" if original is not None else " by the mail server it was passed on to"
    text = _TEXT.format(relay_host=relay_host, recipient=failure.recipient, status=failure.status, when=when)
    report = MIMEMultipart("report", boundary=f"=_{secrets.token_hex(16)}")
    report.set_param("report-type", "delivery-status")
    report["From"] = f"Mail Delivery System <postmaster@{relay_host}>"
    report["To"] = to
    report["Subject"] = _SUBJECT
    report["Date"] = format_datetime(now)
    report["Message-ID"] = f"<{secrets.token_hex(16)}@{relay_host}>"
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(text, "plain", "us-ascii" if text.isascii() else "utf-8"))
    report.attach(_delivery_status(failure, relay_host))
    if original is not None:
        report.attach(_returned_header(original))
    return RawMessage.parse(report.as_bytes(policy=policy.compat32.clone(linesep="\r\n")))


def _delivery_status(failure: Failure, relay_host: str) -> Message:
    part = MIMEBase("message", "delivery-status")
    about_message, about_recipient = Message(), Message()
    about_message["Reporting-MTA"] = f"dns; {relay_host}"
    about_message["Arrival-Date"] = format_datetime(failure.arrived_at)
    kind = "rfc822" if failure.recipient.isascii() else "utf-8"
    about_recipient["Final-Recipient"] = f"{kind}; {failure.recipient}"
    about_recipient["Action"] = "failed"
    about_recipient["Status"] = failure.status
    part.set_payload([about_message, about_recipient])
    return part


def _returned_header(original: RawMessage) -> Message:
    fields = b"".join(field.raw for field in original.fields if field.name in _RETURNED)
    part = MIMEBase("text", "rfc822-headers")
    text = fields.decode("utf-8", "replace").replace("\r\n", "\n")
    part.set_payload(text, "us-ascii" if text.isascii() else "utf-8")
    return part
