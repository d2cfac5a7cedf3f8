"""A letter from the relay to an owner about mail that is held for him.

What strangers wrote stands in it as text alone, and so that no program makes a link of it: whoever followed
one, or answered, would show himself. Its own links lead to pages; opening one changes nothing. It comes again
and again, so it can be unsubscribed by one click (RFC 8058).
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
from mailrelay.content.kinds import MailClass
from mailrelay.message import RawMessage
from mailrelay.rewriting.held_letter import unlinked
from mailrelay.rewriting.owner_words import OwnerWords, words_for

_WRAPPER = textwrap.TextWrapper(72, break_long_words=False, break_on_hyphens=False)


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One held message.

    Attributes:
        domain: The owner's, that it was written to.
        sender: Name and mailbox of its author in one line, not to be trusted; "" for none.
        why: Sentences in the owner's language.
        link: To its page; "" where none may be given.
        dangerous: It holds malware.
    """

    domain: str
    kind: MailClass
    why: tuple[str, ...]
    link: str = field(repr=False)
    sender: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    dangerous: bool = False


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What the letter says.

    Attributes:
        count: Messages held since the last letter; more than there are `entries` where they are many.
        days: How long they are kept.
        private: Nothing of what strangers wrote may stand in it.
        all_url: Page of all that is held.
        settings_url: Page to have the letter less often, or not at all.
    """

    relay_domain: str
    language: str
    now: datetime
    entries: tuple[DigestEntry, ...]
    count: int
    days: int
    private: bool
    all_url: str = field(repr=False)
    settings_url: str = field(repr=False)


def build_digest(facts: DigestFacts) -> RawMessage:
    """Return the letter; To is added at delivery, when the owner's mailbox is known."""
    words = words_for(facts.language)
    sender = format_mailbox(words.text("sender"), f"postmaster@{facts.relay_domain}")
    letter = Message()
    letter["From"] = sender.replace("\r", "")
    letter["Subject"] = encoded(words.text("digest_subject", count=str(facts.count))).replace("\r", "")
    letter["Date"] = format_datetime(facts.now)
    letter["Message-ID"] = f"<{secrets.token_hex(16)}@{facts.relay_domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["List-Unsubscribe"] = f"<{facts.settings_url}>"
    letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter["Content-Language"] = words.language
    letter["MIME-Version"] = "1.0"
    charset = Charset("utf-8")
    charset.body_encoding = QP
    letter.set_payload("\n\n".join(_paragraphs(facts, words)) + "\n", charset)
    return RawMessage.parse(letter.as_bytes(policy=policy.compat32.clone(linesep="\r\n", max_line_length=0)))


def _paragraphs(facts: DigestFacts, words: OwnerWords) -> Iterator[str]:
    yield _WRAPPER.fill(words.text("digest_lead", count=str(facts.count), days=str(facts.days)))
    if facts.private:
        yield _WRAPPER.fill(words.text("digest_private"))
    for number, entry in enumerate(facts.entries, 1):
        yield "\n".join(_lines(number, entry, words, private=facts.private))
    if facts.count > len(facts.entries):
        yield words.text("digest_more", count=str(facts.count - len(facts.entries)))
    yield f"{_WRAPPER.fill(words.text('digest_all'))}\n<{facts.all_url}>"
    yield f"{_WRAPPER.fill(words.text('digest_settings'))}\n<{facts.settings_url}>"
    yield _WRAPPER.fill(words.text("digest_secret"))


def _lines(number: int, entry: DigestEntry, words: OwnerWords, *, private: bool) -> Iterator[str]:
    yield f"{number}. {words.kind(entry.kind)}"
    yield _named(words.text("digest_domain"), entry.domain)
    if not private:
        sender = unlinked(entry.sender) or words.text("digest_no_author")
        subject = unlinked(entry.subject) or words.text("digest_no_subject")
        yield _named(words.text("digest_from"), sender)
        yield _named(words.text("digest_about"), subject)
        yield _named(words.text("digest_why"), " ".join(entry.why))
    if entry.dangerous:
        yield f"   {words.text('digest_dangerous')}"
    elif entry.link:
        yield f"   {words.text('digest_look')}: <{entry.link}>"


def _named(name: str, text: str) -> str:
    """Return a named line, wrapped below its name; what is too long for a line is cut."""
    wrapper = textwrap.TextWrapper(
        72, initial_indent=f"   {name}: ", subsequent_indent="      ", max_lines=3, placeholder=" …"
    )
    return wrapper.fill(text)
