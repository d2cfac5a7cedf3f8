"""Why a message was held, marked or refused, in plain words: the table of `data/explanations.toml`.

A reason is what a check says of a message, or several of them with blanks between, as `content-score` has.
"""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Protocol

from mailrelay.content.kinds import CHECK as CLASS

DEFAULT_LANGUAGE = "en"
_FILE = "data/explanations.toml"
_SAME = "same"
_OTHERWISE = "otherwise"
# What they say is no objection.
_SILENT = frozenset({CLASS, "protected-mail", "dns-allowlist"})
_ALLOWED = "allowed-by-"
# It sums up what the others found, and is asked where they have no words.
_SUM = "spam-decision"
_HOLDS = "quarantine"


class Note(Protocol):
    """A verdict, or what is kept of one."""

    @property
    def check(self) -> str:
        """Name of the check."""
        ...

    @property
    def action(self) -> str:
        """What the check asked for."""
        ...

    @property
    def reason(self) -> str:
        """kebab-case; several have blanks between them."""
        ...


def explain(check: str, reason: str, language: str) -> str:
    """Return what one check found, in a sentence; of several reasons the first that has words.

    Args:
        check: Name of the check.
        reason: As of the verdict.
        language: BCP 47 tag; English where the table has none.
    """
    return next(iter(explain_all(check, reason, language)))


def explain_all(check: str, reason: str, language: str) -> tuple[str, ...]:
    """Return what one check found, a sentence for each reason that has words of its own, none twice."""
    keys = dict.fromkeys(key for key in map(_key, reason.split()) if key)
    texts = _tables()[_known(language)]
    return tuple([texts[key] for key in keys]) or (texts[_key(check) or _OTHERWISE],)


def why(notes: Iterable[Note], language: str, most: int = 3) -> tuple[str, ...]:
    """Return what speaks against a message in up to `most` sentences, none twice; at least one.

    What asked for it to be held comes first.
    """
    speaking = [one for one in notes if one.check not in _SILENT and not one.reason.startswith(_ALLOWED)]
    found = [one for one in speaking if one.check != _SUM] or speaking
    found.sort(key=lambda one: one.action != _HOLDS)
    sentences = dict.fromkeys(text for one in found for text in explain_all(one.check, one.reason, language))
    return tuple(sentences)[:most] or (_tables()[_known(language)][_OTHERWISE],)


def has_words(reason: str) -> bool:
    """Return whether a reason has words of its own in the table."""
    return bool(_key(reason))


def languages() -> Sequence[str]:
    """Return the tags of the languages that there are."""
    return tuple(name for name in _tables() if name != _SAME)


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("mailrelay") / _FILE).read_text(encoding="utf-8"))


def _key(name: str) -> str:
    """Return under which key the words of a reason or a check stand; empty where there are none."""
    key = _tables()[_SAME].get(name, name)
    return key if key in _tables()[DEFAULT_LANGUAGE] else ""


def _known(language: str) -> str:
    primary = language.lower().partition("-")[0]
    return primary if primary in languages() else DEFAULT_LANGUAGE
