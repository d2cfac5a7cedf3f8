"""Short letters from the relay to an owner: why his answer was not sent, or why a message waits for him.

They say what kind of data would show, and where; the data themselves stand on the page behind the link.
"""

import secrets
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.charset import QP, Charset
from email.message import Message
from email.utils import format_datetime

from mailrelay.addresses import encoded, format_mailbox
from mailrelay.message import RawMessage
from mailrelay.rewriting.owner_words import OwnerWords, words_for
from mailrelay.rewriting.scrub import Hit

_WRAPPER = textwrap.TextWrapper(72, break_long_words=False, break_on_hyphens=False)
_LISTED = textwrap.TextWrapper(72, initial_indent="- ", subsequent_indent="  ")
_MOST_HITS = 20
# What a notice is about, where it is not an answer that its owner wrote.
_ABOUT = {"owner-not-authenticated": "waiting", "encryption-key-unusable": "message"}


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What a notice says.

    Attributes:
        domain: The owner's; empty where it is not known any more.
        reason: That of `AnswerHeld`, `delivery-failed` or `owner-not-authenticated`.
        language: BCP 47 tag of the owner's.
        link: Page to decide on the answer; empty for none.
        hits: What of the owner would show.
        places: Where the reason stands, in words that name nobody, as `attachment 2`.
    """

    domain: str
    relay_domain: str
    reason: str
    now: datetime
    language: str = "en"
    link: str = field(default="", repr=False)
    hits: tuple[Hit, ...] = ()
    places: tuple[str, ...] = ()


def build_notice(facts: NoticeFacts) -> RawMessage:
    """Return the letter; To is added at delivery, when the owner's mailbox is known."""
    words = words_for(facts.language)
    about = _ABOUT.get(facts.reason, "answer")
    notice = Message()
    notice["From"] = format_mailbox(words.text("sender"), f"postmaster@{facts.relay_domain}").replace(
        "\r", ""
    )
    notice["Subject"] = encoded(words.text(f"subject_{about}", domain=facts.domain)).replace("\r", "")
    notice["Date"] = format_datetime(facts.now)
    notice["Message-ID"] = f"<{secrets.token_hex(16)}@{facts.relay_domain}>"
    notice["Auto-Submitted"] = "auto-generated"
    notice["Content-Language"] = words.language
    notice["MIME-Version"] = "1.0"
    charset = Charset("utf-8")
    charset.body_encoding = QP
    notice.set_payload("\n\n".join(_paragraphs(facts, words, about)) + "\n", charset)
    return RawMessage.parse(notice.as_bytes(policy=policy.compat32.clone(linesep="\r\n")))


def _paragraphs(facts: NoticeFacts, words: OwnerWords, about: str) -> Iterator[str]:
    yield _WRAPPER.fill(words.text(about, domain=facts.domain or words.text("some_domain")))
    yield _WRAPPER.fill(words.reason(facts.reason))
    if facts.hits:
        shown = dict.fromkeys(words.hit(hit) for hit in facts.hits[:_MOST_HITS])
        yield "\n".join([words.text("found"), *map(_LISTED.fill, shown)])
    elif facts.places:
        yield words.text("look_at", places=", ".join(dict.fromkeys(map(words.place, facts.places))))
    if facts.link:
        yield f"{_WRAPPER.fill(words.text('link'))}\n<{facts.link}>"
