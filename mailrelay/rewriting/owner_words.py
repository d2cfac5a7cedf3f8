"""What an owner is told of his mail, in his language: the table of `data/owner_words.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mailrelay.content.kinds import MailClass
from mailrelay.rewriting.scrub import Hit

DEFAULT_LANGUAGE = "en"
_FILE = "data/owner_words.toml"
_ATTACHMENT = re.compile(r"attachment (\d+)( name)?")


@dataclass(frozen=True, slots=True)
class OwnerWords:
    """The texts of one language; `language` is its BCP 47 tag."""

    language: str
    _table: dict[str, Any]

    def text(self, key: str, **facts: str) -> str:
        """Return a sentence or heading."""
        return str(self._table[key]).format(**facts)

    def reason(self, reason: str) -> str:
        """Return why something was held; `reason` is kebab-case, as of `AnswerHeld`."""
        reasons = self._table["reasons"]
        # `unsafe-part-broken-picture` says no more to an owner than `unsafe-part`.
        known = next((key for key in reasons if reason == key or reason.startswith(f"{key}-")), "otherwise")
        return str(reasons[known])

    def kind(self, kind: MailClass) -> str:
        """Return what a class of mail is called."""
        return str(self._table["classes"][kind])

    def hit(self, hit: Hit) -> str:
        """Return what kind of data would show, and where; not the data."""
        return f"{self._table['traits'][hit.trait]}, {self.place(hit.place)}"

    def place(self, place: str) -> str:
        """Return where something stands, as `Hit.place` says it."""
        places = self._table["places"]
        if found := _ATTACHMENT.match(place):
            return str(places["attachment_name" if found[2] else "attachment"]).format(number=found[1])
        return str(places.get(place.partition(" ")[0], places["elsewhere"]))


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("mailrelay") / _FILE).read_text(encoding="utf-8"))


def languages() -> tuple[str, ...]:
    """Return the tags of the languages that there are."""
    return tuple(_tables())


def words_for(language: str) -> OwnerWords:
    """Return the texts for a BCP 47 tag; English where there are none."""
    primary = language.lower().partition("-")[0]
    known = primary if primary in _tables() else DEFAULT_LANGUAGE
    return OwnerWords(known, _tables()[known])
