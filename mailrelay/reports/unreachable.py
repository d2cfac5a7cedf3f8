"""The one neutral notice to a correspondent whose message the owner's mailbox has refused for days.

It names the relay address and another way to the domain's holder, and nothing about him or his mailbox.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.mime.text import MIMEText
from email.utils import format_datetime

from mailrelay.message import RawMessage

_SUBJECT = "Your message could not be delivered yet"
_TEXT = """\
This is the mail system of {relay_host}.

Your message to

    {recipient}

could not be delivered yet. It is kept, and will be delivered when that is
possible; you need not send it again.
"""
_OTHER_WAY = "\nThere is another way to reach the holder of {domain}:\n\n    {contact_url}\n"


@dataclass(frozen=True, slots=True)
class Unreachable:
    """What the notice says.

    Attributes:
        recipient: The relay address that was written to.
        contact_url: Web form that reaches the holder too; empty where there is none.
    """

    recipient: str
    domain: str
    contact_url: str


def build_unreachable(facts: Unreachable, to: str, relay_host: str, now: datetime) -> RawMessage:
    """Return the notice, to be sent with the null reverse-path.

    Args:
        facts: What it says.
        to: Mailbox of the correspondent.
        relay_host: Our name.
        now: Aware UTC.
    """
    text = _TEXT.format(relay_host=relay_host, recipient=facts.recipient)
    if facts.contact_url:
        text += _OTHER_WAY.format(domain=facts.domain, contact_url=facts.contact_url)
    notice = MIMEText(text, "plain", "us-ascii" if text.isascii() else "utf-8")
    notice["From"] = f"Mail Delivery System <postmaster@{relay_host}>"
    notice["To"] = to
    notice["Subject"] = _SUBJECT
    notice["Date"] = format_datetime(now)
    notice["Message-ID"] = f"<{secrets.token_hex(16)}@{relay_host}>"
    notice["Auto-Submitted"] = "auto-replied"
    return RawMessage.parse(notice.as_bytes(policy=policy.compat32.clone(linesep="\r\n")))
