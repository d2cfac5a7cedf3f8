"""One form for all ways to write the same letters and digits.

Case, accents, width, blanks, punctuation and invisible characters do not count; Cyrillic and Greek letters
become Latin ones, by sound or, in a second reading, by look. What is left of a text is letters and digits in
a row, its bare form, in which an owner's data are sought. Scripts without cases keep their letters and signs.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import compress

from mailrelay.rewriting.scrub.letters import BY_LOOK, BY_SOUND, LATIN

_OF_OTHER_ALPHABETS = re.compile(r"[\u0370-\u058f\u13a0-\u13f4\u01c0\u1d26]")
# Combining signs of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and those that choose a shape.
_ACCENTS = re.compile(
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff"
    r"\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
# Nobody sees them; they part no words.
INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\ufffb\0-\x08]"
)
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"[^\W_]+")
_STRETCHES = re.compile(r"([\0-\x7f]+)|[^\0-\x7f]+")


# Stands between texts that are read each by itself; Unicode keeps it out of texts (section 23.7).
BARRIER = "\ufdd0"


class _Folds(dict[int, str | None]):
    """What becomes of each character, made when first met; None, which `translate` likes, for nothing."""

    def __missing__(self, code: int) -> str | None:
        folded = self[code] = "".join(_folded(chr(code))) or None
        return folded


def _folded(char: str) -> Iterator[str]:
    if INVISIBLE.match(char):
        return
    for one in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold()):
        number = unicodedata.decimal(one, None)
        if number is not None:
            yield str(number)
        elif one in LATIN:
            yield LATIN[one]
        elif one in BY_SOUND:
            yield BY_SOUND[one]
        elif unicodedata.category(one)[0] in "LNM" and not _ACCENTS.match(one):
            yield one


_FOLDS = _Folds({ord(BARRIER): BARRIER})


def bare(text: str) -> str:
    """Return letters and digits of a text in one form: "Zoë M\u00fcller" gives "zoemuller"."""
    return text.translate(_FOLDS)


def is_silent(char: str) -> bool:
    """Return whether a character belongs to the one before it and is nothing in a bare form: an accent."""
    return bool(char) and not bare(char) and (char.isalnum() or unicodedata.category(char)[0] == "M")


def bare_positions(text: str) -> list[int]:
    """Return for each character of `bare(text)` where in the text it comes from."""
    positions: list[int] = []
    for found in _STRETCHES.finditer(text):
        start, end = found.span()
        if found[1]:
            positions += compress(range(start, end), map(str.isalnum, found[1]))
        else:
            folds = map(_FOLDS.__getitem__, map(ord, found[0]))
            positions += [at for at, folded in enumerate(folds, start) if folded for _ in folded]
    return positions


def words_of(text: str) -> list[str]:
    """Return the words of a text, each in its bare form; hyphens and points part words."""
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return [folded for word in _WORD.findall(plain) if (folded := bare(word))]


def by_look(text: str) -> str:
    """Return the text with letters of other alphabets replaced by the Latin ones that look the same.

    The same text comes back where it has none. No character moves.
    """
    return text.translate(BY_LOOK) if not text.isascii() and _OF_OTHER_ALPHABETS.search(text) else text


def is_unspaced(folded: str) -> bool:
    """Return whether a bare form is of a script that does not part words: Chinese, Japanese, Thai ..."""
    return _UNSPACED.search(folded) is not None
