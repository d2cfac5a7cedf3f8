"""One reading of an answer: its folded words, and on which line each stands."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate, islice

from registries.lookup.document import Lines
from registries.lookup.folding import fold, spelled_out, words_of_folded
from registries.lookup.forms import Form

# What parts label and value in WHOIS: a colon, dots, a tab, two spaces, a closing bracket.
_LABEL_END = re.compile(r":\s*|\.{2,}:?\s*|\t+|\s{2,}|\]\s*")
# Answers are written by others: a line of colons must not cost its length squared.
_LONGEST_VALUE = 1000
_MOST_LABELS = 5
_MOST_PLACES = 16


class Reading:
    """A text in one form."""

    def __init__(self, form: Form, lines: Lines, names: frozenset[str] = frozenset()) -> None:
        """Take lines to read.

        Args:
            form: What was undone to get at them.
            lines: Under their numbers in the answer as it came.
            names: Folded; no words of the text.
        """
        self.form = form
        self._given = lines
        self._names = names

    @cached_property
    def folded(self) -> str:
        """The text folded, line by line."""
        return fold("\n".join(text for _, text in self._given))

    @cached_property
    def words(self) -> str:
        """All words, a space at both ends."""
        return f" {words_of_folded(self._text)} "

    @cached_property
    def joined(self) -> str:
        """All words without the spaces."""
        return self.words.replace(" ", "")

    def number(self, line: int) -> int:
        """Return the number in the answer of the reading's line, counted from 0."""
        return self._given[line][0]

    def line_at(self, offset: int) -> int:
        """Return the line where an offset into the folded text lies."""
        return self.folded.count("\n", 0, offset)

    def lines_of(self, phrase: str) -> Iterator[int]:
        """Yield the lines where a phrase of words begins; of very many the first."""
        for offset in _offsets(f" {phrase} ", self.words):
            yield bisect_right(self._word_starts, offset) - 1

    def lines_of_joined(self, word: str) -> Iterator[int]:
        """Yield the lines where words begin that are the word when joined."""
        for offset in _offsets(word, self.joined):
            if offset in self._edges and offset + len(word) in self._edges:
                yield bisect_right(self._joined_starts, offset) - 1

    def lines_spelling(self, word: str) -> Iterator[int]:
        """Yield the lines where letters begin that stand one by one and hold the word."""
        for offset, run in self._spelled:
            if word in run:
                yield bisect_right(self._word_starts, offset) - 1

    def lines_within(self, letters: str) -> Iterator[int]:
        """Yield the lines where letters stand, also inside of words; for scripts that do not part words."""
        for offset in _offsets(letters, self.joined):
            yield bisect_right(self._joined_starts, offset) - 1

    def stands_alone(self, phrase: str, line: int) -> bool:
        """Whether a phrase is a whole value on a line: what follows a label, or what commas part."""
        wanted = phrase.replace(" ", "")
        return any(value.replace(" ", "") == wanted for value in self.values(line))

    def names(self, names: frozenset[str]) -> bool:
        """Whether one of the names, folded, stands there as a whole value."""
        wanted = set(map(words_of_folded, names))
        near = (line for line in self.folded.split("\n") if any(name in line for name in names))
        return any(
            words_of_folded(part) in wanted for line in islice(near, _MOST_PLACES) for part in _parts(line)
        )

    def values(self, line: int) -> Iterator[str]:
        """Yield the words of each value on a line."""
        return map(words_of_folded, _parts(self._lines[line]))

    @cached_property
    def _spelled(self) -> list[tuple[int, str]]:
        return list(spelled_out(self.words))

    @cached_property
    def _text(self) -> str:
        text = self.folded
        for name in self._names:
            text = text.replace(name, " ")
        return text

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    @cached_property
    def _words_by_line(self) -> list[str]:
        return [words_of_folded(line) for line in self._lines]

    @cached_property
    def _word_starts(self) -> list[int]:
        return [0, *accumulate(len(each) + 1 if each else 0 for each in self._words_by_line)]

    @cached_property
    def _joined_starts(self) -> list[int]:
        return [0, *accumulate(len(each.replace(" ", "")) for each in self._words_by_line)]

    @cached_property
    def _edges(self) -> frozenset[int]:
        return frozenset({0, *accumulate(map(len, self.words.split()))})


def _offsets(part: str, text: str) -> Iterator[int]:
    offset = text.find(part)
    for _ in range(_MOST_PLACES):
        if offset < 0:
            return
        yield offset
        offset = text.find(part, offset + 1)


def _parts(line: str) -> Iterator[str]:
    """Yield the line, what follows a label in it, and the pieces that commas part."""
    plain = line.strip()
    if not plain or len(plain) > _LONGEST_VALUE:
        return
    yield plain
    for count, end in enumerate(_LABEL_END.finditer(plain)):
        if count == _MOST_LABELS:
            break
        rest = plain[end.end() :]
        yield rest
        yield from rest.split(",")
    yield from plain.split(",")
