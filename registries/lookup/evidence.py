"""Find a holder's data in a public answer, whatever its form, and nothing that stands there by chance.

What hits by chance would cry leak over every answer, so the shorter a value the stricter the rule:

- e-mail address and phone number count wherever they stand, in any usual spelling;
- two words or more of six letters together count wherever they stand;
- a single word (a city, a postal code, a short name) counts only where it is a whole value;
- fewer than three letters (two in scripts without spaces), or five digits, never count alone, nor do words
  that name a role.

A place alone names thousands, and may be the registrar's own: city and postal code count together, the region
only beside other evidence. What the wanted contacts themselves show is no evidence, nor is the country, which
directories always show.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from enum import StrEnum

import idna

from registries.contact import Contact
from registries.lookup.document import Document, fold, words

ALL_FIELDS = frozenset({"name", "organization", "street", "city", "region", "postal_code", "phone", "email"})

_EXACT_PLACE = frozenset({"city", "postal_code"})
_PLACE = _EXACT_PLACE | {"region"}

_LETTERS_ANYWHERE = 6
_LETTERS_ALONE = 3
_IDEOGRAPHS_ANYWHERE = 4
_IDEOGRAPHS_ALONE = 2
_DIGITS_ALONE = 5
_DIGITS_OF_PHONE = 6

# Scripts without spaces between words: kana, ideographs, hangul, Thai.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

# Words that stand in anybody's contact.
_ROLE_WORDS = frozenset(
    """
    admin administrator applicable billing contact dns domain domains hostmaster info n na none not owner
    person private privacy registrant registrar tech technical the unknown webmaster
    """.split()  # noqa: SIM905 - a block is easier to read than quoted strings
)


class Form(StrEnum):
    """How a trace is written; every other form is undone before it is read."""

    PLAIN = "plain"


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A trace of the holder in one answer.

    Attributes:
        field: Name of the holder's field.
        line: In the answer as it came, from 1.
    """

    field: str
    form: str
    line: int


def fields_of(hits: Iterable[Hit]) -> tuple[str, ...]:
    """Return the names of the fields that were found, sorted."""
    return tuple(sorted({hit.field for hit in hits}))


_SEPARATORS = r"[ .()/\-]{0,3}"


@dataclass(frozen=True, slots=True, repr=False)
class _Term:
    field: str
    words: str
    anywhere: bool
    spaced: bool

    def stands_in(self, text: str, values: frozenset[str]) -> bool:
        if self.words in values:
            return True
        return self.anywhere and (f" {self.words} " if self.spaced else self.words) in text


@dataclass(frozen=True, slots=True, repr=False)
class _Pattern:
    field: str
    pattern: re.Pattern[str]


class Evidence:
    """What would betray one holder."""

    def __init__(
        self, holder: Contact, wanted: Iterable[Contact] = (), among: frozenset[str] = ALL_FIELDS
    ) -> None:
        """Prepare the search.

        Args:
            holder: Whose data must not be found.
            wanted: Contacts that shall be public: what they hold is no evidence.
            among: Names of the holder's fields that count.
        """
        shown = tuple(wanted)
        public = f" {' '.join(words(text) for contact in shown for text in _texts(contact))} "
        self._terms = tuple(
            term for term in _terms(holder) if term.field in among and f" {term.words} " not in public
        )
        self._patterns = tuple(
            each
            for each in _patterns(holder)
            if each.field in among and not any(each.pattern.search(fold(_reach(one))) for one in shown)
        )

    def found(self, document: Document, domain: str) -> tuple[str, ...]:
        """Return the names of the holder's fields that the document shows, sorted.

        Args:
            document: A raw answer.
            domain: A-label; its own name is no evidence, even where it is the holder's.
        """
        text = document.words_without(domain)
        found = {term.field for term in self._terms if term.stands_in(text, document.values)}
        found |= {each.field for each in self._patterns if each.pattern.search(document.text)}
        return tuple(sorted(found)) if found - _PLACE or found >= _EXACT_PLACE else ()

    def hits(self, document: Document, domain: str) -> tuple[Hit, ...]:
        """Return each trace of the holder, by field, form and line."""
        return tuple(Hit(field, Form.PLAIN, 1) for field in self.found(document, domain))


def _texts(contact: Contact) -> Iterator[str]:
    for field in fields(contact):
        value = getattr(contact, field.name)
        yield from value if isinstance(value, tuple) else (value,)
    yield from _places(contact)


def _reach(contact: Contact) -> str:
    return f"{contact.email} {contact.phone}"


def _terms(holder: Contact) -> Iterator[_Term]:
    raw = [("name", text) for text in _turned(words(holder.name))]
    raw += [("organization", holder.organization), *(("street", line) for line in holder.street)]
    raw += [("city", holder.city), ("region", holder.region), ("postal_code", holder.postal_code)]
    raw += [(field, text) for text in _places(holder) for field in sorted(_EXACT_PLACE)]
    for field, text in raw:
        term = _term(field, words(text))
        if term is not None:
            yield term


def _places(contact: Contact) -> tuple[str, ...]:
    """Return postal code and city on one line, either first; nothing where one is missing."""
    if not contact.postal_code or not contact.city:
        return ()
    return f"{contact.postal_code} {contact.city}", f"{contact.city} {contact.postal_code}"


def _turned(name: str) -> Iterator[str]:
    """Yield a name, and its words turned round: directories put the family name first or last."""
    parts = name.split()
    for place in range(max(1, len(parts))):
        yield " ".join(parts[place:] + parts[:place])


def _term(field: str, text: str) -> _Term | None:
    parts = text.split()
    letters = sum(map(len, parts))
    unspaced = bool(_UNSPACED.search(text))
    if text.isdigit() and letters < _DIGITS_ALONE:
        return None
    if letters < (_IDEOGRAPHS_ALONE if unspaced else _LETTERS_ALONE) or set(parts) <= _ROLE_WORDS:
        return None
    if unspaced:
        return _Term(field, text, anywhere=letters >= _IDEOGRAPHS_ANYWHERE, spaced=False)
    anywhere = len(parts) > 1 and letters >= _LETTERS_ANYWHERE
    return _Term(field, text, anywhere=anywhere, spaced=True)


def _patterns(holder: Contact) -> Iterator[_Pattern]:
    if holder.email:
        yield _Pattern("email", _email(holder.email))
    if sum(map(str.isdigit, holder.phone)) >= _DIGITS_OF_PHONE:
        yield _Pattern("phone", _phone(holder.phone))


def _email(address: str) -> re.Pattern[str]:
    """Return what finds a mailbox, also with `at` written out and its domain in A-labels."""
    local, _, domain = address.rpartition("@")
    hosts = {fold(domain)}
    with suppress(idna.IDNAError):
        hosts.add(idna.encode(domain, uts46=True).decode())
    host = "|".join(
        re.escape(each).replace(r"\.", r"\s?(?:\.|[\[(]dot[\])]| dot )\s?") for each in sorted(hosts)
    )
    at = r"\s?(?:@|%40|[\[(]at[\])]| at )\s?"
    return re.compile(rf"(?<![\w.+-]){re.escape(fold(local))}{at}(?:{host})(?![\w-])")


def _phone(number: str) -> re.Pattern[str]:
    """Return what finds a number in the form of RFC 5733, with or without country code, however grouped."""
    country, _, national = number.partition(".")
    code = "".join(filter(str.isdigit, country)) if national else ""
    digits = "".join(filter(str.isdigit, national or country))
    abroad = rf"(?:(?:00|011)?{code}{_SEPARATORS}0?{_SEPARATORS}|0{_SEPARATORS})?" if code else ""
    return re.compile(rf"(?<!\d){abroad}{_SEPARATORS.join(digits)}(?!\d)")
