"""The phrases by which kinds of letters are known: `data/mail_kinds.toml`, sought by their rarest word.

Texts and phrases are brought to the same form, words of letters with blanks between them. A text is searched
for a phrase only where it holds that word, the one in fewest other phrases; a phrase of one word is found by
that alone.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mailrelay.content.words import Words, runs_of_letters

_FILE = "data/mail_kinds.toml"
_POINTS = {"sure": 3, "likely": 2, "hint": 1}
_MOST_WORDS = 1_000
_LEAST_OWN = 80  # octets before what is passed on; less is no letter of one's own
# What mail programs write over a message that is passed on.
_PASSED_ON = tuple(
    f" {line}".encode()
    for line in (
        *("original message", "forwarded message", "begin forwarded message", "ursprüngliche nachricht"),
        *("originalnachricht", "weitergeleitete nachricht", "message d origine", "message original"),
        *("message transféré", "messaggio originale", "messaggio inoltrato", "mensaje original"),
        "mensaje reenviado",
    )
)
_PARTS_OF_PASSED_ON = (b"messag", b"nachricht", b"mensaje")  # one of these is in each
_BLANK = ord(" ")
_LEAST_TELLING = 3  # octets; shorter words stand in every text
# In UTF-8: the blanks and signs of Latin-1 and the general punctuation, of which no word is made.
_FOREIGN_SIGNS = re.compile(rb"\xc2[\xa0-\xbf]|\xe2[\x80\x81][\x80-\xbf]")
_WITHOUT_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that speak for a kind.

    Attributes:
        kind: As the tables of the file are named.
        points: How much they say.
        name: The phrase in kebab-case and ASCII.
        octets: In the form in which it is sought.
        alone: It is one word, and there where that is.
    """

    kind: str
    points: int
    name: str
    octets: bytes
    alone: bool


class KindPhrases:
    """All phrases, by the word each is looked for by."""

    def __init__(self, phrases: dict[bytes, list[Phrase]]) -> None:
        self._by_word = phrases
        self._words = frozenset(phrases)

    @property
    def all(self) -> tuple[Phrase, ...]:
        """Return every phrase, those of a word together."""
        return tuple(phrase for phrases in self._by_word.values() for phrase in phrases)

    def found_in(self, *texts: Words) -> list[Phrase]:
        """Return the phrases that stand in the texts, each once, in no order."""
        words, octets = _form(texts)
        by_word = self._by_word
        return [
            phrase
            for word in self._words.intersection(words)
            for phrase in by_word[word]
            if phrase.alone or _stands_in(octets, phrase.octets)
        ]


def _stands_in(octets: bytes, phrase: bytes) -> bool:
    """Return whether a phrase stands between blanks; to seek it with them would take ten times as long."""
    start = octets.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        if octets[start - 1] == _BLANK and octets[end] == _BLANK:
            return True
        start = octets.find(phrase, start + 1)
    return False


def _form(texts: tuple[Words, ...]) -> tuple[list[bytes], bytes]:
    """Return words of letters, and the same as one text; a blank stands before it, a bar behind each text.

    What somebody else wrote, and the author only passes on, is left out.
    """
    words: list[bytes] = []
    for text in texts:
        words += text.runs[:_MOST_WORDS]
        words.append(b"|")
    octets = b" " + b" ".join(words)
    if not octets.isascii() and _FOREIGN_SIGNS.search(octets):
        words = _FOREIGN_SIGNS.sub(b" ", octets).split()
        octets = b" " + b" ".join(words)
    if not any(part in octets for part in _PARTS_OF_PASSED_ON):
        return words, octets
    passed_on = min([at for at in map(octets.find, _PASSED_ON) if at > _LEAST_OWN], default=0)
    if passed_on:
        octets = octets[:passed_on] + b" |"
        words = octets.split()
    return words, octets


@cache
def shipped_phrases() -> KindPhrases:
    """Return what is shipped, read once."""
    tables = tomllib.loads(files("mailrelay").joinpath(_FILE).read_text("utf-8"))
    phrases: dict[tuple[str, bytes], Phrase] = {}
    for kind, languages in tables.items():
        for phrase in (one for levels in languages.values() for one in _of_language(kind, levels)):
            # Languages share phrases; the greatest weight counts.
            same = phrases.setdefault((kind, phrase.octets), phrase)
            if same.points < phrase.points:
                phrases[kind, phrase.octets] = phrase
    return KindPhrases(_by_rarest_word(phrases.values()))


def _by_rarest_word(phrases: Collection[Phrase]) -> dict[bytes, list[Phrase]]:
    counts = Counter(word for phrase in phrases for word in phrase.octets.split())
    by_word: dict[bytes, list[Phrase]] = {}
    for phrase in phrases:
        words = phrase.octets.split()
        telling = [word for word in words if len(word) >= _LEAST_TELLING] or words
        rarest = min(telling, key=lambda word: (counts[word], -len(word)))
        by_word.setdefault(rarest, []).append(phrase)
    return by_word


def _of_language(kind: str, levels: Mapping[str, Sequence[str]]) -> Iterator[Phrase]:
    for level, texts in levels.items():
        for text in texts:
            yield from _written(kind, _POINTS[level], text)


def _written(kind: str, points: int, text: str) -> Iterator[Phrase]:
    """Yield a phrase, and how it is written by who has no such letters."""
    text = unicodedata.normalize("NFKC", text)
    spelled = text.translate(_WITHOUT_UMLAUTS)
    name = _without_accents(spelled).replace(" ", "-")
    for form in dict.fromkeys((text, spelled, _without_accents(text))):
        words = runs_of_letters(form.lower())
        yield Phrase(kind, points, name, b" ".join(words), len(words) == 1)


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
