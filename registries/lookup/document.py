"""A raw answer of a public directory, line by line as the public reads it.

Nothing is parsed into contacts: parsers lose lines, and what a parser loses the public still reads.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

Lines = list[tuple[int, str]]
"""Numbers of lines in the answer as it came, from 1, each with a text that is read there."""

# A string, or what else is no punctuation; a string that does not end ends with the text.
_JSON_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)(?:"(\s{0,40}:)?|\Z)|[^\s",:\[\]{}]+', re.DOTALL)
_LITERALS = frozenset({"true", "false", "null"})
# Such a key is the name of a member, and nobody's data.
_MEMBER = re.compile(r"[A-Za-z0-9_:.-]{1,32}")


@dataclass(frozen=True, repr=False)
class Document:
    """One answer as it came; no slots, since its readings are kept once made.

    Attributes:
        source: `rdap` or `whois`.
        raw: Decoded; octets that are no text have become U+FFFD.
        whole: False where something was cut off.
        server: Who gave it, `host:port`; "" for a saved answer.
        referred: Whether another directory led there, as a registry's leads to its registrar's.
        second: What a parser made of it: adds to what is read, and takes nothing away.
    """

    source: str
    raw: str
    whole: bool = True
    server: str = ""
    referred: bool = False
    second: tuple[tuple[int, str], ...] = ()

    @cached_property
    def parsed(self) -> object:
        """The JSON value, None where it is none."""
        try:
            return json.loads(self.raw) if self.source == "rdap" else None
        except (ValueError, RecursionError):
            return None

    @cached_property
    def lines(self) -> Lines:
        """What can be read, in order: each line; of JSON each value, and each key that is no usual member."""
        if self.parsed is not None:
            return [(number, line) for number, text in _values(self.raw) for line in text.split("\n")]
        return list(enumerate(self.raw.split("\n"), 1))


def laid_out(document: Document) -> Document:
    """Return an RDAP answer with each of its values on a line of its own, for people; any other as it is."""
    if document.parsed is None:
        return document
    return replace(document, raw=json.dumps(document.parsed, ensure_ascii=False, indent=1))


def _values(raw: str) -> Iterator[tuple[int, str]]:
    """Yield the strings and numbers of well-formed JSON, each with its line."""
    number, counted = 1, 0
    for match in _JSON_TOKEN.finditer(raw):
        number += raw.count("\n", counted, match.start())
        counted = match.start()
        text = match[0] if match[1] is None else _unescaped(match[1])
        named = match[2] and _MEMBER.fullmatch(text)
        if not named and match[0] not in _LITERALS:
            yield number, text


def _unescaped(literal: str) -> str:
    if "\\" not in literal:
        return literal
    text: str = json.loads(f'"{literal}"', strict=False)
    return text
