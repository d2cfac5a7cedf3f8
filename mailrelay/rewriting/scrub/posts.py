"""The forms of a postal address: street with number, postal code with city."""

import re
from collections.abc import Iterator

from mailrelay.identity import Trait
from mailrelay.rewriting.scrub.folding import bare, is_unspaced, words_of
from mailrelay.rewriting.scrub.form import Form, phrase
from mailrelay.rewriting.scrub.names import spellings
from mailrelay.rewriting.scrub.rules import edged
from mailrelay.rewriting.scrub.words import STREET_ENDINGS, STREETS, UNITS

_NUMBER = re.compile(r"(?<!\w)\d\w*(?:\s?[-/]\s?\d+\w*)?(?!\w)")
_SHORTEST = 6  # letters and digits of a street with its number: "Via 5" is no street
_FEW = 3
_CODE = 5  # signs of a postal code that names a few houses: letters and digits, as in London


def street_forms(street: str, country: str) -> Iterator[Form]:
    """Yield the forms of a street line: number first or last, words for streets written out or short."""
    for spelling in dict.fromkeys(spellings(street, country)):
        if _is_long(spelling) and (form := phrase(Trait.STREET, spelling)) is not None:
            yield form
        yield from _street(spelling)


def _is_long(street: str) -> bool:
    """Return whether a street line is more than a word; Chinese needs few signs for it."""
    folded = bare(street)
    return len(folded) >= (_FEW if is_unspaced(folded) else _SHORTEST)


def _street(street: str) -> Iterator[Form]:
    house = _without_unit(street)
    found = _NUMBER.findall(house)
    number = (
        found[0] if house.lstrip().startswith(found[0] if found else "\0") else found[-1] if found else ""
    )
    name = words_of(house.replace(number, " ", 1) if number else house)
    if not name or not number or len(bare(house)) < _SHORTEST:
        return
    digits, way = re.escape(bare(number)), "".join(_spelled(word, len(name) > 1) for word in name)
    # A kind of street may be left out by none of the two: it is sought by its longest word.
    needle = max((_stem(word) for word in name), key=len)
    for pattern in (f"{digits}{way}", f"{way}(?:n|nr|no)?{digits}"):
        yield Form(Trait.STREET, needle, edged, re.compile(pattern))


def _without_unit(street: str) -> str:
    words = re.split(r"[\s,]+", street.strip())
    for at, word in enumerate(words[1:], 1):
        if (bare(word) in UNITS or word.startswith("#")) and at + 1 < len(words) + (word.startswith("#")):
            return " ".join(words[:at])
    return " ".join(words)


def _spelled(word: str, has_others: bool) -> str:  # noqa: FBT001 - of a private helper
    ways = {word}
    if has_others:
        for row in STREETS:
            if word in row:
                ways |= set(row)
    for long, short in STREET_ENDINGS.items():
        for ending in (long, short):
            if word.endswith(ending) and len(word) >= len(ending) + 3:
                ways |= {word.removesuffix(ending) + long, word.removesuffix(ending) + short}
    return f"(?:{'|'.join(sorted(map(re.escape, ways), key=len, reverse=True))})"


def _stem(word: str) -> str:
    """Return what all spellings of a word have in common at its beginning."""
    if any(word in row for row in STREETS):
        return word[0]
    for long, short in STREET_ENDINGS.items():
        for ending in (long, short):
            if word.endswith(ending) and len(word) >= len(ending) + 3:
                return word.removesuffix(ending)
    return word


def place_forms(place: str, country: str) -> Iterator[Form]:
    """Yield the forms of "postal code, city": both together, and a code that names a few houses alone."""
    code, _, town = place.partition(",")
    folded = bare(code)
    for spelling in dict.fromkeys(spellings(town.strip(), country)):
        city = bare(spelling)
        if len(folded) >= _FEW and len(city) > 1:
            yield Form(Trait.POSTAL, folded + city, edged)
            yield Form(Trait.POSTAL, country.lower() + folded + city, edged)
            city_first = rf"{re.escape(city)}[^\W\d_]{{0,14}}{re.escape(folded)}"
            yield Form(Trait.POSTAL, city, edged, re.compile(city_first))
    if len(folded) >= _CODE and re.search(r"\d", folded) and re.search(r"[a-z]", folded):
        yield Form(Trait.POSTAL, folded, edged)
