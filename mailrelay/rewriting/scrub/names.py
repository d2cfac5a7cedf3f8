"""The forms of a person's names and of an organisation's."""

import re
from collections.abc import Iterator
from itertools import permutations, product

from mailrelay.identity import Trait
from mailrelay.rewriting.scrub.folding import bare, is_unspaced, words_of
from mailrelay.rewriting.scrub.form import LONG, Form, phrase
from mailrelay.rewriting.scrub.letters import CYRILLIC_SPELLINGS
from mailrelay.rewriting.scrub.rules import capital, edged, handle, initialled, lone, monogram, on_device
from mailrelay.rewriting.scrub.words import JOINING, LEGAL_FORMS, PARTICLES, TITLES, WORDS_TOO

_GERMAN = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "å": "aa",
        "Å": "Aa",
        "ø": "oe",
        "Ø": "Oe",
    }
)
_DIGRAPHS = re.compile(r"(?<![aeiouqAEIOUQ])(?:([aou])e|(a)a)(?![aeiou])", re.IGNORECASE)
_WITH_DIGRAPHS = frozenset({"AT", "CH", "DE", "DK", "FI", "LI", "LU", "NO", "SE"})
_HYPHEN = re.compile(r"[-\u2010-\u2015\u30fb]")
_OF_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_DISTINCT = 5  # letters of a family name in two words: "Müller-Lefèvre"
_LONE = 2
_ACRONYM = 3
_FAMILY = 4
_FAMILY_FIRST = frozenset({"CN", "HU", "JP", "KP", "KR", "TW", "VN"})


def spellings(text: str, country: str) -> Iterator[str]:
    """Yield a name in the ways its letters are written where the alphabet lacks them."""
    yield text
    if (german := text.translate(_GERMAN)) != text:
        yield german
    if (
        country in _WITH_DIGRAPHS
        and (plain := _DIGRAPHS.sub(lambda found: found[1] or found[2], text)) != text
    ):
        yield plain
    if _OF_CYRILLIC.search(text):
        yield from (text.lower().translate(table).title() for table in CYRILLIC_SPELLINGS)


def name_forms(name: str, country: str) -> Iterator[Form]:
    """Yield the forms of a person's name."""
    for spelling in spellings(name, country):
        parts = _parts(spelling)
        # Also with titles and what stands behind a name: "Example MD, Ann".
        for order in dict.fromkeys((*_orders(parts), *_orders(spelling.split()))):
            if (form := phrase(Trait.NAME, " ".join(order))) is not None:
                yield form
        if len(parts) > 1:
            yield from _initialled(_tokens(parts))
            yield from _lone(parts)
            yield from _family(parts[0] if country in _FAMILY_FIRST else parts[-1])
        elif len(parts) == 1 and len(folded := bare(parts[0])) >= _LONE:
            yield Form(Trait.NAME, folded, lone)
            yield from _family(parts[0])


def _parts(name: str) -> list[str]:
    """Return given names first: "Example, Ann" is "Ann Example"; titles are left out."""
    family, comma, given = name.partition(",")
    words = (f"{given} {family}" if comma and len(bare(given)) > _LONE else name).split()
    words = [word for word in words if bare(word)]
    parts = [word for word in words if bare(word) not in TITLES]
    # "Don" is a name too.
    return parts if len(parts) > 1 else words


def _orders(parts: list[str]) -> Iterator[tuple[str, ...]]:
    if len(parts) == 1:
        # A name of one word, as in Java or of a performer, is the whole name.
        if len(bare(parts[0])) >= LONG or is_unspaced(bare(parts[0])):
            yield (parts[0],)
        return
    for start in range(len(parts)):
        yield (*parts[start:], *parts[:start])
    yield tuple(reversed(parts))
    yield from _pairs(_tokens(parts))


def _tokens(parts: list[str]) -> list[tuple[str, ...]]:
    """Return what each name of several goes by, with its particles and without: ("van Dam", "Dam")."""
    tokens: list[tuple[str, ...]] = []
    particles: list[str] = []
    for word in (word for part in parts for word in _HYPHEN.split(part) if bare(word)):
        particles.append(word)
        if not tokens or bare(word) not in PARTICLES:
            tokens.append(tuple(dict.fromkeys((" ".join(particles), word))))
            particles = []
    return [*tokens, *((word,) for word in particles)]


def _pairs(tokens: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield any two names of several, in any order: few people have both; and the first with initials."""
    whole = [token for token in tokens if len(bare(token[-1])) > 1]
    for first, second in permutations(whole, 2):
        yield from product(first, second)
    if len(tokens) > 2:  # noqa: PLR2004 - with names between the first and the last
        yield tokens[0][0], *(bare(token[-1])[:1] for token in tokens[1:-1]), tokens[-1][0]


def _initialled(tokens: list[tuple[str, ...]]) -> Iterator[Form]:
    """Yield names with initials for the others: "A. B. Example", "Example, A.", signed "Ann E." or "ABE"."""
    initials = [bare(token[-1])[:1] for token in tokens]
    for at, token in enumerate(tokens[1:], 1):
        for family in (folded for one in token if len(folded := bare(one)) >= _LONE):
            for before in dict.fromkeys((initials[0], "".join(initials[:at]))):
                yield Form(Trait.NAME, before + family, initialled)
                yield Form(Trait.NAME, family + before, initialled)
                if len(before + family) >= _DISTINCT:
                    yield Form(Trait.HANDLE, before + family, handle)
    given = bare(tokens[0][0])
    for initial in dict.fromkeys(initials[1:]):
        yield Form(Trait.NAME, given + initial, initialled_signature)
    if len(initials) > 2:  # noqa: PLR2004 - several initials behind a name are seldom others'
        yield Form(Trait.NAME, given + "".join(initials[1:]), initialled)
    for letters in dict.fromkeys(("".join(initials), *(initials[0] + one for one in initials[1:]))):
        yield Form(Trait.NAME, letters, monogram)


def initialled_signature(text: str, start: int, end: int) -> bool:
    """Take a given name with the initial of the family: "Ann E." signed."""
    return initialled(text, start, end) and lone(text, start, end)


def _lone(parts: list[str]) -> Iterator[Form]:
    # Particles within a name are words.
    parts = [*parts[:1], *(part for part in parts[1:-1] if bare(part) not in PARTICLES), *parts[-1:]]
    pieces = (piece for part in parts for piece in _HYPHEN.split(part))
    for part in dict.fromkeys((*parts, *pieces)):
        if len(folded := bare(part)) >= _LONE:
            yield Form(Trait.NAME, folded, lone)
            yield from (Form(Trait.NAME, one, on_device) for one in (folded, f"{folded}s"))
        if len(words_of(part)) > 1 and len(folded) >= 2 * _DISTINCT:
            yield Form(Trait.NAME, folded, edged)


def _family(name: str) -> Iterator[Form]:
    """A family name names few, wherever it stands; a given name many, unless they sign with it."""
    if len(folded := bare(name)) >= _FAMILY and folded not in WORDS_TOO:
        yield Form(Trait.NAME, folded, capital)


def organisation_forms(organisation: str, country: str) -> Iterator[Form]:
    """Yield the forms of an organisation's name, with its legal form or without."""
    for spelling in spellings(organisation, country):
        words = re.split(r"[\s/&+,]+", spelling)
        core = [word for word in words if bare(word)] or words
        while len(core) > 1 and bare(core[-1]) in LEGAL_FORMS:
            core.pop()
        while len(core) > 1 and bare(core[0]) in LEGAL_FORMS:
            core.pop(0)
        shorter = [word for word in core if bare(word) not in JOINING]
        for form in (words, core, shorter):
            # A legal form, however it is written, makes a name of the word before it.
            found = phrase(Trait.ORGANISATION, " ".join(form), capitals=form is not words)
            if found is not None and (len(form) > 1 or is_unspaced(found.needle)):
                yield found
        least = _ACRONYM if core[0].isupper() else _DISTINCT
        if len(core) == 1 and len(folded := bare(core[0])) >= least and folded not in WORDS_TOO:
            yield Form(Trait.ORGANISATION, folded, capital)
