"""The words of a text, for looking up in sets and for comparing: far cheaper than searching for phrases.

A text is taken apart once: both scoring and comparing ask for its runs of letters.
"""

import re
from dataclasses import dataclass
from typing import Self

_WORD = re.compile(r"\w+")
_BEYOND_ASCII = 0x80
# Octets of UTF-8 in lower case: ASCII letters, and all beyond ASCII, make runs; the rest parts them.
_LETTERS = bytes(
    octet if octet >= _BEYOND_ASCII or chr(octet).isalpha() else ord(" ") for octet in range(256)
)


def runs_of_letters(lowered: str) -> list[bytes]:
    """Return what stands between digits, blanks and punctuation of ASCII, in UTF-8, in order."""
    return lowered.encode("utf-8", "replace").translate(_LETTERS).split()


@dataclass(frozen=True, slots=True)
class Words:
    """A text in lower case, its runs of letters, and whole words of those that go beyond ASCII."""

    text: str
    runs: list[bytes]
    beyond: frozenset[bytes]

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the words of a text."""
        lowered = text.lower()
        runs = runs_of_letters(lowered)
        if lowered.isascii():
            return cls(lowered, runs, frozenset())
        # Only here may a run hold what is no part of a word, such as a dash or a quotation mark.
        foreign = b" ".join([run for run in runs if not run.isascii()]).decode("utf-8", "replace")
        return cls(lowered, runs, frozenset(word.encode() for word in _WORD.findall(foreign)))

    def among(self, known: frozenset[bytes]) -> frozenset[bytes]:
        """Return those of some words of letters that stand in the text, be it as parts of words."""
        found = known.intersection(self.runs)
        return found | (known & self.beyond) if self.beyond else found
