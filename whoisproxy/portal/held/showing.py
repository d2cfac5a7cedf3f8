"""Held mail as templates show it: what stands in it was written by anybody, and is bounded."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailrelay.checks.explanations import why
from mailrelay.rewriting.owner_words import words_for
from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.domain.quarantine import HeldMessage
from whoisproxy.i18n import N_
from whoisproxy.portal.preview import beginning, safe_frame
from whoisproxy.services.quarantine import OpenedMessage

ON_A_PAGE = 25
WISHES = {
    DigestWish.DAILY: N_("Every day"),
    DigestWish.WEEKLY: N_("Every week"),
    DigestWish.OFF: N_("Never"),
}
_KILO = 1024
# Of its text, and again of its HTML: the whole page stays below 60 kB.
_MOST_OCTETS = 16_000
# A page of a list does too, whatever strangers wrote.
_SENDER_OCTETS, _SUBJECT_OCTETS = 300, 400


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A held message as an entry of the list; `size` is in kB."""

    domain: str
    kind: str
    dangerous: bool
    sender: str = field(repr=False)
    subject: str = field(repr=False)
    received_at: datetime
    size: int
    why: str
    link: str = field(repr=False)


def line_of(held: HeldMessage, heading: tuple[str, str], language: str, link: str) -> HeldLine:
    """Return a message for the list; `heading` is who wrote it and about what."""
    sender, subject = heading
    return HeldLine(
        domain=held.domain,
        kind=words_for(language).kind(held.kind),
        dangerous=held.is_dangerous,
        sender=beginning(sender, _SENDER_OCTETS),
        subject=beginning(subject, _SUBJECT_OCTETS),
        received_at=held.record.received_at,
        size=-(-held.record.size_octets // _KILO),
        why=" ".join(why(held.notes, language, most=2)),
        link=link,
    )


def facts_of(found: OpenedMessage, language: str) -> dict[str, Any]:
    """Return what the template `held/message` shows of a message that is held."""
    held, letter = found.held, found.letter
    sender = letter.mailbox if letter else ""
    text = beginning(letter.text, _MOST_OCTETS) if letter else ""
    return {
        "domain": held.domain,
        "kind": words_for(language).kind(held.kind),
        "dangerous": held.is_dangerous,
        "why": why(held.notes, language),
        "expires_at": held.expires_at,
        "letter": letter,
        "text": text,
        "cut": bool(letter and (letter.cut or text != letter.text)),
        "html": safe_frame(letter.html, language, _MOST_OCTETS) if letter else "",
        "proven": found.proven,
        "sender": sender,
        "sender_domain": sender.rpartition("@")[2],
    }


@dataclass(frozen=True, slots=True)
class Part:
    """Which entries of a list are on a page; pages count from 1, and 0 is none."""

    start: int
    earlier: int
    later: int

    @classmethod
    def of(cls, count: int, asked: str) -> "Part":
        """Return the page that is asked for, else the nearest there is."""
        last = max(0, count - 1) // ON_A_PAGE
        page = min(_page(asked), last)
        return cls(page * ON_A_PAGE, page or 0, page + 2 if page < last else 0)


def _page(number: str) -> int:
    """Return which page is asked for, from 0."""
    return max(0, int(number) - 1) if number.isascii() and number.isdigit() and len(number) < 5 else 0  # noqa: PLR2004 - no list is so long
