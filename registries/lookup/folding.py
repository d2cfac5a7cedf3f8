"""Fold text so that spellings of the same thing become one.

Case, accents, width, invisible characters, digits of any script, letters that only look Latin, `ue` for `ü`:
what differs in these alone is the same to whoever reads it.
"""

import re
import unicodedata
from collections.abc import Iterator

import idna

# Letters that Unicode does not take apart, as registrars write them in ASCII.
_PLAIN = {"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}
# Cyrillic and Greek letters that look Latin, upper case ones by their lower case (Unicode TS 39).
_CYRILLIC = zip("авеікмнорстухсѕјԁһ", "abeikmhopctyxcsjdh", strict=True)
_GREEK = zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True)
_LETTERS = {**_PLAIN, **dict(_CYRILLIC), **dict(_GREEK)}

# Müller is also written Mueller, Århus also Aarhus.
_DIGRAPH = re.compile(r"([aou])e|aa")
_WORD = re.compile(r"[^\W_]+")
# Letters one by one: Z o e. Four at least, since two initials are no spelled word.
_SPACED = re.compile(r"(?<!\S)(?:\S ){3,}\S(?!\S)")


class _Folding(dict[int, str | None]):
    """What each character folds to; filled as characters are met."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        folded: str | None = _LETTERS.get(char, char)
        if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
            folded = None
        elif unicodedata.category(char) == "Nd":
            folded = str(unicodedata.digit(char))
        self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return a text without case, accents, width and invisible characters; punctuation and lines stay."""
    if text.isascii():
        return text.lower()
    # One letter that would become eighteen.
    plain = text.casefold().replace("\ufdfa", " ")
    apart = unicodedata.normalize("NFKD", plain).translate(_FOLDING)
    return unicodedata.normalize("NFC", apart)


def words_of_folded(folded: str) -> str:
    """Return the words of a folded text, one space apart."""
    return " ".join(_WORD.findall(_without_digraphs(folded)))


def words(text: str) -> str:
    """Return a text's folded words, one space apart: what stands between them does not matter."""
    return words_of_folded(fold(text))


def joined(phrase: str) -> frozenset[str]:
    """Return folded words without the spaces; digraphs that joining makes are read in both ways."""
    whole = phrase.replace(" ", "")
    return frozenset({whole, _without_digraphs(whole)})


def spelled_out(phrase: str) -> Iterator[tuple[int, str]]:
    """Yield what is written letter by letter among folded words: where it begins, and joined."""
    for run in _SPACED.finditer(phrase):
        yield run.start(), _without_digraphs(run[0].replace(" ", ""))


def spellings(domain: str) -> frozenset[str]:
    """Return a domain name in A-labels and in U-labels, folded."""
    try:
        return frozenset({fold(domain), fold(idna.decode(domain))})
    except idna.IDNAError:
        return frozenset({fold(domain)})


def _without_digraphs(folded: str) -> str:
    return _DIGRAPH.sub(lambda match: match[1] or "a", folded)
