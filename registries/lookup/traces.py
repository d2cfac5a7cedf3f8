"""What may betray a holder in text: phrases, mailboxes and telephone numbers, and how each is looked for.

What hits by chance would cry leak over every answer, so the shorter a phrase the stricter the rule:

- words that are long enough together count wherever they stand;
- joined or letter by letter they must be longer, since words of a language run into each other;
- whatever is shorter counts only where it is a whole value.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import idna

from registries.lookup.folding import fold, joined, words
from registries.lookup.forms import Form
from registries.lookup.reading import Reading

# By whether they are Latin: other scripts have more letters, so that fewer tell as much.
_LETTERS_ANYWHERE = {True: 6, False: 4}
_LETTERS_ALONE = 3
_LETTERS_JOINED = 8
_LETTERS_SPELLED = 5
_IDEOGRAPHS_ANYWHERE = 3
_IDEOGRAPHS_WITHIN = 4
_IDEOGRAPHS_ALONE = 2
_DIGITS_ALONE = 5

# Scripts without spaces between words: kana, ideographs, hangul, Thai.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

# Words that stand in anybody's contact.
ROLE_WORDS = frozenset(
    """
    abuse admin administrator applicable billing contact dns domain domains email hostmaster info mail n na
    none not office owner person private privacy registrant registrar tech technical the unknown webmaster
    """.split()  # noqa: SIM905 - a block is easier to read than quoted strings
)

Place = tuple[int, Form]
"""A line of a reading, and how the trace is written there."""


class Trace(Protocol):
    """Something of the holder that is looked for."""

    @property
    def field(self) -> str:
        """Name of the holder's field."""
        ...

    def places(self, reading: Reading) -> Iterator[Place]:
        """Yield where it stands; of very many places the first."""
        ...

    def stands_in(self, words: str, text: str) -> bool:
        """Whether what shall be public shows it too.

        Args:
            words: Folded, a space at both ends.
            text: Folded.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Phrase:
    """Words in their order.

    Attributes:
        form: How the field is written by these words.
        words: Folded.
        anywhere: Whether it counts inside of a text.
        unspaced: Whether its script does not part words.
    """

    field: str
    form: Form
    words: str
    anywhere: bool
    unspaced: bool

    @classmethod
    def of(
        cls, field: str, phrase: str, form: Form = Form.PLAIN, *, anywhere: bool = True
    ) -> "Phrase | None":
        """Return what finds folded words; None where they are too short or too common to say anything.

        Not `anywhere`, it counts as a whole value only.
        """
        parts = phrase.split()
        letters = sum(map(len, parts))
        unspaced = bool(_UNSPACED.search(phrase))
        if phrase.isdigit() and letters < _DIGITS_ALONE:
            return None
        if letters < (_IDEOGRAPHS_ALONE if unspaced else _LETTERS_ALONE) or set(parts) <= ROLE_WORDS:
            return None
        least = _IDEOGRAPHS_ANYWHERE if unspaced else _LETTERS_ANYWHERE[phrase.isascii()]
        enough = letters >= least and (unspaced or len(parts) > 1)
        return cls(field, form, phrase, anywhere and enough, unspaced)

    def places(self, reading: Reading) -> Iterator[Place]:
        """Yield where it stands as words, alone, joined, or letter by letter."""
        for line in reading.lines_of(self.words):
            if self.anywhere or reading.stands_alone(self.words, line):
                yield line, self.form
        if self.unspaced:
            letters = self.words.replace(" ", "")
            within = reading.lines_within(letters)
            yield from ((line, self.form) for line in within if self._counts_within(reading, line))
            if self.anywhere:
                yield from ((line, Form.JOINED) for line in reading.lines_of_joined(letters))
        elif self.anywhere:
            yield from self._broken(reading)

    def _counts_within(self, reading: Reading, line: int) -> bool:
        return len(self.words) >= _IDEOGRAPHS_WITHIN or reading.stands_alone(self.words, line)

    def _broken(self, reading: Reading) -> Iterator[Place]:
        for word in joined(self.words):
            if len(word) >= _LETTERS_JOINED:
                yield from ((line, Form.JOINED) for line in reading.lines_of_joined(word))
            if len(word) >= _LETTERS_SPELLED:
                yield from ((line, Form.SPACED) for line in reading.lines_spelling(word))

    def stands_in(self, words: str, text: str) -> bool:
        """Whether the words stand there."""
        del text
        return f" {self.words} " in words


@dataclass(frozen=True, slots=True, repr=False)
class WordByWord:
    """Words that stand as values of their own, on lines near each other: first name, family name."""

    field: str
    words: frozenset[str]

    _NEAR = 4

    def places(self, reading: Reading) -> Iterator[Place]:
        """Yield the first line of each place."""
        found = sorted(
            {line for word in self.words for line in reading.lines_of(word) if self._on(reading, line)}
        )
        for place, first in enumerate(found):
            near = [line for line in found[place:] if line - first < self._NEAR]
            if len(near) > 1 and self.words <= set().union(*(self._on(reading, line) for line in near)):
                yield first, Form.APART

    def _on(self, reading: Reading, line: int) -> frozenset[str]:
        """Return which of the words are values of a line."""
        values = (frozenset(value.split()) for value in reading.values(line))
        return frozenset().union(*(value for value in values if value <= self.words))

    def stands_in(self, words: str, text: str) -> bool:
        """Whether each of the words stands there."""
        del text
        return all(f" {word} " in words for word in self.words)


@dataclass(frozen=True, slots=True, repr=False)
class Pattern:
    """What a regular expression finds in folded text; it is tried only where `needed` stands in the text.

    Attributes:
        form: What it is called where the pattern's group `tag` has something.
    """

    field: str
    pattern: re.Pattern[str]
    needed: str = ""

    def places(self, reading: Reading) -> Iterator[Place]:
        """Yield where it matches."""
        if self.needed not in reading.folded:
            return
        for match in self.pattern.finditer(reading.folded):
            yield reading.line_at(match.start()), Form.TAGGED if match.groupdict().get("tag") else Form.PLAIN

    def stands_in(self, words: str, text: str) -> bool:
        """Whether the text shows it."""
        del words
        return bool(self.pattern.search(text))


def mailbox(address: str) -> Iterator[Trace]:
    """Yield what finds a mailbox (RFC 5321): as it is, with tags, with `at` and `dot` written out, broken.

    Its domain may be in A-labels or U-labels.
    """
    local, _, domain = address.rpartition("@")
    base = fold(re.split(r"[+]", local)[0])
    hosts = _hosts(domain)
    if not base or not all(hosts):
        return
    host = "|".join(map(_dotted, sorted(hosts)))
    mailbox = rf"(?<![\w.+-]){_dotted(base)}(?P<tag>{_TAG})?{_AT}(?:{host})(?![\w-])"
    yield Pattern("email", re.compile(mailbox), base.split(".")[0])
    for each in sorted(hosts):
        yield from _joined_mailbox(base, each)


def _dotted(text: str) -> str:
    return re.escape(text).replace(r"\.", _DOT)


_TAG = r"[+=-][\w.+=-]{0,64}"
_LETTERS_OF_MAILBOX = 4
_AT = r"[\"' ]{0,2}\s?(?:@|%40|[\[({<]at[\])}>]|_at_| at )\s?"
_DOT = r"\s?(?:\.|[\[({<]dot[\])}>]|_dot_| dot )\s?"


def _joined_mailbox(local: str, host: str) -> Iterator[Trace]:
    """Yield what finds a mailbox whose signs are left out, written out, or replaced, as in a SOA record."""
    # `info` before a host name is the name of a server, and a short word may stand before any.
    plain = set(words(local).split()) <= ROLE_WORDS or len(local) < _LETTERS_OF_MAILBOX
    for at in ("at",) if plain else ("", "at"):
        for dot in ("", "dot"):
            phrase = f"{local} {at} {host}".replace(".", f" {dot} ")
            yield JoinedWords("email", joined(words(phrase)))


@dataclass(frozen=True, slots=True, repr=False)
class JoinedWords:
    """Words that count only long, and wherever they stand, with any signs between them."""

    field: str
    spellings: frozenset[str]

    def places(self, reading: Reading) -> Iterator[Place]:
        """Yield where words begin and end with it."""
        for word in self.spellings:
            if len(word) >= _LETTERS_JOINED:
                yield from ((line, Form.JOINED) for line in reading.lines_of_joined(word))

    def stands_in(self, words: str, text: str) -> bool:
        """Whether the words hold it."""
        del text
        return any(word in words.replace(" ", "") for word in self.spellings)


def _hosts(domain: str) -> set[str]:
    hosts = {fold(domain)}
    for turn in (_a_labels, idna.decode):
        with suppress(idna.IDNAError, UnicodeError):
            hosts.add(fold(turn(domain)))
    return hosts


def _a_labels(domain: str) -> str:
    return idna.encode(domain, uts46=True).decode()


_DIGITS_OF_PHONE = 6
_SEPARATORS = r"[ .()/\-\u2010-\u2015\u2212\u00b7_~,'\"|\t\r\n]{0,4}"
# Before the national number at home: 0 in most of the world, 8 in Russia, 06 in Hungary.
_TRUNK = r"(?:0|8|06)"
_ANY_CODE = r"\d{0,3}"
_EXTENSION = re.compile(r"(?:;?e?xt|x|#|;).*", re.IGNORECASE)


def telephone(number: str) -> Iterator[Trace]:
    """Yield what finds a number in the form of RFC 5733, with or without country code, however grouped."""
    main = _EXTENSION.sub("", fold(number))
    country, _, national = main.partition(".") if main.startswith("+") else ("", "", main)
    code = "".join(filter(str.isdigit, country)) if national else ""
    digits = "".join(filter(str.isdigit, national or country)).removeprefix("" if code else "0")
    if len(digits) < _DIGITS_OF_PHONE:
        return
    # Where the country is not known, any may stand before.
    abroad = rf"(?:(?:00|011)?{code or _ANY_CODE}{_SEPARATORS}0?{_SEPARATORS}|{_TRUNK}{_SEPARATORS})?"
    yield Pattern("phone", re.compile(rf"(?<!\d){abroad}{_SEPARATORS.join(digits)}(?!\d)"))


def traces_of(candidates: Iterable[Trace | None]) -> tuple[Trace, ...]:
    """Return what is worth looking for, each once."""
    return tuple(dict.fromkeys(each for each in candidates if each is not None))
