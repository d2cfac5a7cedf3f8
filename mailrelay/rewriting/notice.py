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
# The first row whose words a reason begins with is said.
_WHY = {
    "unsafe-part-encrypted": "It holds an encrypted file, which the relay cannot look into.\n"
    "Please send it without a password.\n",
    "unsafe-part": "It holds a file from which the relay cannot take what says who you are, for it\n"
    "cannot read it. Please send it as plain text, PDF or a picture.\n",
    "encrypted": "It is encrypted, so that the relay cannot look into it. Please send plain text.\n",
    "nothing-left": "It holds nothing but what the relay never passes on, such as a key, a visiting card\n"
    "or a calendar entry.\n",
    "owner-shows-in-header": "Its subject or another header shows who you are.\n",
    "owner-shows-in-body": "Its text or an attachment shows who you are, for example by your name, address,\n"
    "phone number or mailbox. Please take it out and send the answer again.\n",
    "delivery-failed": "The mail server of the person you wrote to did not take it.\n",
}
_OTHERWISE = "It could not be made safe to send. Please send plain text.\n"


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What a notice says.

    Attributes:
        domain: The owner's registered domain.
        reason: That of `AnswerHeld`, or `delivery-failed`.
        places: Where in the answer the reason stands, in plain words that name nobody.
    """

    domain: str
    relay_domain: str
    reason: str
    now: datetime
    places: tuple[str, ...] = ()


def build_notice(facts: NoticeFacts) -> RawMessage:
    """Return the letter; To is added at delivery, when the owner's mailbox is known."""
    why = next((said for reason, said in _WHY.items() if facts.reason.startswith(reason)), _OTHERWISE)
    where = f"\nLook at: {', '.join(facts.places)}.\n" if facts.places else ""
    text = _HEAD.format(domain=facts.domain) + why + where
    notice = MIMEText(text, "plain", "us-ascii" if text.isascii() else "utf-8")
    notice["From"] = f"Privacy relay <postmaster@{facts.relay_domain}>"
    notice["Subject"] = _SUBJECT
    notice["Date"] = format_datetime(facts.now)
    notice["Message-ID"] = f"<{secrets.token_hex(16)}@{facts.relay_domain}>"
    notice["Auto-Submitted"] = "auto-generated"
    return RawMessage.parse(notice.as_bytes(policy=policy.compat32.clone(linesep="\r\n")))
