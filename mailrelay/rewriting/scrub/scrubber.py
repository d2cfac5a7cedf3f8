"""Take an owner's data out of texts, and look for them in whole messages."""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from mailrelay.identity import Identity, Trait
from mailrelay.rewriting.scrub.decoding import texts_of
from mailrelay.rewriting.scrub.forms import forms_of
from mailrelay.rewriting.scrub.matching import Match, Matcher
from mailrelay.rewriting.scrub.views import tags_in

OMITTED = "[...]"
_MOST_ROUNDS = 4
_LAST_LATIN = "\u024f"
_KEPT = 256  # scrubbers


@dataclass(frozen=True, slots=True)
class Hit:
    """Something of the owner in a message.

    Attributes:
        place: Says where without naming anybody: `subject`, `text`, `attachment 2 name`.
        found: What stands there, for the owner's eyes only: never for a log or an error text.
    """

    trait: Trait
    place: str
    found: str = field(repr=False)


class Scrubber:
    """Replaces and finds what identifies one owner.

    In place of his addresses stands the relay address, in place of his names and organisations the domain by
    whose name he writes ("Kind regards, example-bakery.org"), in place of the rest `[...]`, the sign of an
    omission in any language.

    Args:
        identity: What must not show.
        allowed: What may, though data of his be part of it: the correspondent's address.
        relay_address: Published in his place; empty where there is none.
        domain: By whose name he writes; empty where there is none.
    """

    def __init__(
        self, identity: Identity, allowed: tuple[str, ...] = (), *, relay_address: str = "", domain: str = ""
    ) -> None:
        may_stand = (*allowed, *identity.released, relay_address, domain)
        self._matcher = Matcher(forms_of(identity), may_stand)
        self._wide = any(char > _LAST_LATIN for value in identity.values() for char in value)
        self._instead = {Trait.MAILBOX: relay_address, Trait.NAME: domain, Trait.ORGANISATION: domain}

    def text(self, text: str) -> str:
        """Return plain text without the owner's data; the same text where there are none."""
        return self._replaced(text)

    def html(self, html: str) -> str:
        """Return an HTML document without the owner's data in its text, attributes, comments and styles.

        Tags stay where they are, also those in the middle of a name.
        """
        return self._replaced(html, is_html=True)

    def hits(self, text: str, place: str, *, by_chance: bool = False) -> tuple[Hit, ...]:
        """Return what of the owner stands in a text.

        Args:
            text: What is looked at.
            place: Goes into the hits.
            by_chance: Letters stand in it by chance too, as in a picture.
        """
        merged = _merged(self._matcher.matches(text, by_chance=by_chance))
        return tuple(dict.fromkeys(Hit(trait, place, text[start:end]) for start, end, trait in merged))

    def scan(self, raw: bytes) -> tuple[Hit, ...]:
        """Return what of the owner shows in a message as it would leave, decoded as far as can be.

        Raises:
            CannotLookInside: Something in it is encrypted, broken or too large.
        """
        looked_at = (
            self.hits(one.text, one.place, by_chance=one.by_chance) for one in texts_of(raw, wide=self._wide)
        )
        return tuple(dict.fromkeys(chain.from_iterable(looked_at)))

    def _replaced(self, text: str, *, is_html: bool = False) -> str:
        """Replace until nothing is found: what stands around a name may make another one visible."""
        for _ in range(_MOST_ROUNDS):
            matches = self._matcher.matches(text, is_html=is_html)
            if not matches:
                break
            text = self._without(text, matches, is_html=is_html)
        return text

    def _without(self, text: str, matches: list[Match], *, is_html: bool) -> str:
        pieces: list[str] = []
        done = 0
        for start, end, trait in _merged(matches):
            tags = tags_in(text[start:end]) if is_html else ""
            pieces += (text[done:start], self._instead.get(trait) or OMITTED, tags)
            done = end
        return "".join((*pieces, text[done:]))


def _merged(matches: list[Match]) -> list[tuple[int, int, Trait]]:
    """Return the places without overlap; the longest says what is put there."""
    merged: list[tuple[int, int, Trait, int]] = []
    for match in matches:
        length = match.end - match.start
        if merged and match.start < merged[-1][1]:
            start, end, trait, longest = merged[-1]
            trait = match.trait if length > longest else trait
            merged[-1] = (start, max(end, match.end), trait, max(longest, length))
        else:
            merged.append((match.start, match.end, match.trait, length))
    return [(start, end, trait) for start, end, trait, _ in merged]


@lru_cache(_KEPT)
def scrubber_for(
    identity: Identity, allowed: tuple[str, ...] = (), relay_address: str = "", domain: str = ""
) -> Scrubber:
    """Return the scrubber of an owner and a conversation, prepared once."""
    return Scrubber(identity, allowed, relay_address=relay_address, domain=domain)
