"""Put right in quotes what the relay had put there: the correspondent sees himself, not our addresses.

Mail to the owner comes from `"Ann Lee, ann at offers.example (via owner.example) <reply address>"`. His
program writes that into the line above a quote, into quoted headers and into links, in its own language;
what it writes around the name does not matter here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from mailrelay.addresses import parse_mailboxes
from mailrelay.rewriting.banner import without_banner, without_banner_html
from mailrelay.rewriting.reply.model import ReplyFacts

# Blanks as programs leave them when they wrap and quote lines.
_GAP = r"(?:[ \t\u00a0]|\r?\n(?:[ \t]{0,8}>){0,20}){1,20}"
_AT = r"(?:@|%40|&#64;|&#x40;)"
_BEFORE, _BEHIND = r"(?<![\w.+%-])", r"(?![\w-]|\.\w)"


# No slots: the patterns are made when first asked for.
@dataclass(frozen=True)
class Quotes:
    """The names in an owner's message that have to be put right.

    Attributes:
        facts: What is known of the answer.
        display: The correspondent's name as we had shown it; empty where he has none, None where that
            is not known.
    """

    facts: ReplyFacts
    display: str | None = field(default=None)

    def text(self, text: str) -> str:
        """Return plain text without banners and put right."""
        return self.put_right(without_banner(text))

    def html(self, html: str) -> str:
        """Return an HTML document without banners; its texts and links are for `put_right`."""
        return without_banner_html(html)

    def put_right(self, text: str) -> str:
        """Return text between tags, or the target of a link, put right."""
        return self._addresses(self._names(text))

    def _names(self, text: str) -> str:
        if "(via" not in text:
            return text
        address = self.facts.correspondent
        if self.display:
            text = self._named.sub(lambda _: self.display or "", text)
        elif self.display is None:
            text = self._behind_name.sub("", text)
        text = self._phrase.sub(lambda _: address, text)
        return self._twice.sub(lambda _: f"<{address}>", text)

    def _addresses(self, text: str) -> str:
        if "@" not in text and "%40" not in text and "&#" not in text:
            return text
        for pattern, address in self._replacements:
            text = pattern.sub(lambda found, to=address: _like(found[0], to), text)  # type: ignore[misc]
        return text

    @cached_property
    def _phrase_pattern(self) -> str:
        local_part, _, domain = self.facts.correspondent.rpartition("@")
        shown = f"{local_part} at {domain} (via {self.facts.domain})"
        return _GAP.join(re.escape(word) for word in shown.split())

    @cached_property
    def _phrase(self) -> re.Pattern[str]:
        return re.compile(f"[\"']?{self._phrase_pattern}[\"']?", re.IGNORECASE)

    @cached_property
    def _named(self) -> re.Pattern[str]:
        name = _GAP.join(re.escape(word) for word in (self.display or "").split())
        return re.compile(f"[\"'\u201c]?{name},{_GAP}{self._phrase_pattern}[\"'\u201d]?", re.IGNORECASE)

    @cached_property
    def _behind_name(self) -> re.Pattern[str]:
        return re.compile(rf"(?<=[^\W\d_]),{_GAP}{self._phrase_pattern}", re.IGNORECASE)

    @cached_property
    def _twice(self) -> re.Pattern[str]:
        address = re.escape(self.facts.correspondent)
        reply = re.escape(self.facts.reply_address)
        return re.compile(
            f"{_BEFORE}{address}{_GAP}[<\\[](?:mailto:)?(?:{reply}|{address})[>\\]]", re.IGNORECASE
        )

    @cached_property
    def _replacements(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """What stands for what, the most particular first."""
        facts = self.facts
        kept_ones = [facts.relay_address, facts.correspondent, f"postmaster@{facts.relay_domain}"]
        kept = "|".join(re.escape(one) for one in kept_ones)
        return (
            (
                re.compile(_BEFORE + _mailbox(facts.reply_address) + _BEHIND, re.IGNORECASE),
                facts.correspondent,
            ),
            # Addresses of other conversations and of returned mail.
            (
                re.compile(
                    rf"{_BEFORE}(?!(?:{kept})(?![\w-]))[a-z0-9._+=-]{{16,80}}{_AT}"
                    rf"{re.escape(facts.relay_domain)}{_BEHIND}",
                    re.IGNORECASE,
                ),
                facts.relay_address,
            ),
        )


def display_in(recipients: Iterable[str], facts: ReplyFacts) -> str | None:
    """Return the correspondent's display name as the owner's program has it; None where it does not tell.

    Args:
        recipients: Values of the fields in which it may stand.
        facts: What is known of the answer.
    """
    if facts.correspondent_name:
        return facts.correspondent_name
    local_part, _, domain = facts.correspondent.rpartition("@")
    shown = f"{local_part} at {domain} (via {facts.domain})".lower()
    for mailbox in (one for value in recipients for one in parse_mailboxes(value)):
        display = " ".join(mailbox.display.split())
        if mailbox.address.lower() == facts.reply_address.lower() and display.lower().endswith(shown):
            return display[: -len(shown)].rstrip(" ,")
    return None


def _mailbox(address: str) -> str:
    local_part, _, domain = address.rpartition("@")
    return rf"{re.escape(local_part)}(?:\+[\w.-]{{1,60}})?{_AT}{re.escape(domain)}"


def _like(written: str, address: str) -> str:
    """Return an address escaped like the one it stands for."""
    return quote(address) if "%40" in written else address
