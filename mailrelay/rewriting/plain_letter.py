"""A letter in plain text from the relay to an owner, made of paragraphs that its host has written."""

import secrets
import textwrap
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.charset import QP, Charset
from email.message import Message
from email.utils import format_datetime

from mailrelay.addresses import encoded, format_mailbox
from mailrelay.message import RawMessage
from mailrelay.rewriting.owner_words import words_for

_WRAPPER = textwrap.TextWrapper(72, break_long_words=False, break_on_hyphens=False)


@dataclass(frozen=True, slots=True)
class PlainLetter:
    """What a letter says.

    Attributes:
        language: BCP 47 tag of its words.
        paragraphs: One line each; a link that stands alone is not wrapped.
    """

    relay_domain: str
    language: str
    now: datetime
    subject: str
    paragraphs: tuple[str, ...] = field(repr=False)


def build_plain_letter(facts: PlainLetter) -> RawMessage:
    """Return the letter; To is added at delivery, when the owner's mailbox is known."""
    words = words_for(facts.language)
    letter = Message()
    sender = format_mailbox(words.text("sender"), f"postmaster@{facts.relay_domain}")
    letter["From"] = sender.replace("\r", "")
    letter["Subject"] = encoded(facts.subject).replace("\r", "")
    letter["Date"] = format_datetime(facts.now)
    letter["Message-ID"] = f"<{secrets.token_hex(16)}@{facts.relay_domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["Content-Language"] = words.language
    letter["MIME-Version"] = "1.0"
    charset = Charset("utf-8")
    charset.body_encoding = QP
    letter.set_payload("\n\n".join(map(_WRAPPER.fill, facts.paragraphs)) + "\n", charset)
    return RawMessage.parse(letter.as_bytes(policy=policy.compat32.clone(linesep="\r\n")))
