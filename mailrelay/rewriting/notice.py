"""Short letters from the relay to an owner: why his answer was not sent."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.mime.text import MIMEText
from email.utils import format_datetime

from mailrelay.message import RawMessage

_SUBJECT = "Your answer was not sent"
_HEAD = "Your answer through the privacy relay of {domain} was not sent.\n\n"
_WHY = {
    "unsafe-part": "It holds a part that the relay cannot look into, such as a forwarded message,\n"
    "a visiting card, a calendar entry or an encrypted part.\n"
    "Please send plain text and ordinary attachments.\n",
    "owner-shows-in-header": "Its subject or another header shows who you are.\n",
    "owner-shows-in-body": "Its text or an attachment shows who you are, for example by your name, address,\n"
    "phone number or mailbox. Please take it out and send the answer again.\n",
    "delivery-failed": "The mail server of the person you wrote to did not take it.\n",
}
_OTHERWISE = "It could not be made safe to send. Please send plain text.\n"


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What a notice says; `reason` is that of `AnswerHeld`, or `delivery-failed`."""

    domain: str
    relay_domain: str
    reason: str
    now: datetime


def build_notice(facts: NoticeFacts) -> RawMessage:
    """Return the letter; To is added at delivery, when the owner's mailbox is known."""
    text = _HEAD.format(domain=facts.domain) + _WHY.get(facts.reason, _OTHERWISE)
    notice = MIMEText(text, "plain", "us-ascii" if text.isascii() else "utf-8")
    notice["From"] = f"Privacy relay <postmaster@{facts.relay_domain}>"
    notice["Subject"] = _SUBJECT
    notice["Date"] = format_datetime(facts.now)
    notice["Message-ID"] = f"<{secrets.token_hex(16)}@{facts.relay_domain}>"
    notice["Auto-Submitted"] = "auto-generated"
    return RawMessage.parse(notice.as_bytes(policy=policy.compat32.clone(linesep="\r\n")))
