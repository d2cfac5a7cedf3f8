"""A raw answer of a public directory, and the two ways in which it is read: as words, and as whole values.

Nothing is parsed into contacts: parsers lose lines, and what a parser loses the public still reads. Text is
folded so that spellings of the same thing become one: case, accents, width, invisible characters, digits of
any script, `ue` for `ü`, escapes of JSON and HTML.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import idna

# Letters that Unicode does not take apart, as registrars write them in ASCII.
_PLAIN = {"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}
# Müller is also written Mueller, Århus also Aarhus.
_DIGRAPH = re.compile(r"([aou])e|aa")
_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
# What parts label and value in WHOIS: a colon, dots, a tab, two spaces, a closing bracket.
_LABEL_END = re.compile(r":\s*|\.{2,}:?\s*|\t+|\s{2,}|\]\s*")


# Answers are written by others: a line of colons must not cost its length squared.
_LONGEST_VALUE = 1000
_MOST_LABELS = 5


class _Folding(dict[int, str | None]):
    """What each character folds to; filled as characters are met."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        folded: str | None = _PLAIN.get(char, char)
        if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
            folded = None
        elif unicodedata.category(char) == "Nd":
            folded = str(unicodedata.digit(char))
        self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return a text without case, accents, width and invisible characters; punctuation stays."""
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_FOLDING)
    return unicodedata.normalize("NFC", apart)


def words(text: str) -> str:
    """Return a text's folded words, one space apart: what stands between them does not matter."""
    plain = _DIGRAPH.sub(lambda match: match[1] or "a", fold(text))
    return " ".join(_WORD.findall(plain))


def spellings(domain: str) -> frozenset[str]:
    """Return a domain name in A-labels and in U-labels, folded."""
    try:
        return frozenset({fold(domain), fold(idna.decode(domain))})
    except idna.IDNAError:
        return frozenset({fold(domain)})


@dataclass(frozen=True, repr=False)
class Document:
    """One answer as it came; no slots, since its readings are kept once made.

    Attributes:
        source: `rdap` or `whois`.
        raw: Decoded; octets that are no text have become U+FFFD.
        whole: False where something was cut off.
        server: Who gave it, `host:port`; "" for a saved answer.
        referred: Whether another directory led there, as a registry's leads to its registrar's.
    """

    source: str
    raw: str
    whole: bool = True
    server: str = ""
    referred: bool = False

    @cached_property
    def parsed(self) -> object:
        """The JSON value, None where it is none."""
        try:
            return json.loads(self.raw) if self.source == "rdap" else None
        except (ValueError, RecursionError):
            return None

    @cached_property
    def text(self) -> str:
        """All that can be read, folded; of JSON its values, or where it is broken the raw text."""
        if self.parsed is not None:
            readable = "\n".join(_scalars(self.parsed))
        else:
            readable = _unescaped(self.raw) if self.source == "rdap" else self.raw
        return fold(html.unescape(readable))

    @cached_property
    def values(self) -> frozenset[str]:
        """The words of each value that stands alone: of a JSON string, of what follows a label, of a line."""
        return frozenset(words(value) for line in self.text.splitlines() for value in _parts(line)) - {""}

    def words_without(self, domain: str) -> str:
        """Return the words of the text, a space at both ends, with the domain's own name taken out."""
        text = self.text
        for name in spellings(domain):
            text = text.replace(name, " ")
        return f" {words(text)} "

    def names(self, domain: str) -> bool:
        """Whether the domain's name stands alone as a value."""
        return any(words(name) in self.values for name in spellings(domain))


def _scalars(root: object) -> Iterator[str]:
    """Yield every string and number of a JSON value, in order."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, str | int | float):
            yield str(value)


def _unescaped(raw: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], raw)


def _parts(line: str) -> Iterator[str]:
    """Yield the line, what follows a label in it, and the pieces that commas part."""
    plain = line.strip()
    if not plain or len(plain) > _LONGEST_VALUE:
        return
    yield plain
    for end in islice(_LABEL_END.finditer(plain), _MOST_LABELS):
        rest = plain[end.end() :]
        yield rest
        yield from rest.split(",")
    yield from plain.split(",")
