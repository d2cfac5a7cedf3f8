"""How the names and addresses of a holder are written: words turned, left out, abbreviated.

Directories put the family name first or last, shorten streets, drop titles and legal forms.
"""

from collections.abc import Iterator
from itertools import permutations

from registries.lookup.folding import words
from registries.lookup.forms import Form

Written = tuple[Form, str, bool]
"""A form, the folded words in it, and whether they count inside of a text."""

_TITLES = frozenset(
    "dr prof mr mrs ms miss herr frau ing dipl med jur phd md dds dvm jr sr ii iii iv sir dame hon".split()  # noqa: SIM905 - as above
)
_MOST_TURNED = 4
_PARTICLE = 3

_LEGAL_FORMS = frozenset(
    """
    ab ag as asa bv co company corp corporation cv doo eg ev gbr gmbh inc incorporated kft kg kk llc llp lp
    ltd limited limitada ltda nv oy oyj oo plc pty pte pvt sa sarl sas se sia sl slu sp spa sprl sro srl
    stiftung ug uab verein zoo
    """.split()  # noqa: SIM905 - a block is easier to read than quoted strings
)
_AND = frozenset({"and", "und", "et", "y", "e", "i", "og", "och", "en", "amp"})

# How streets end or begin, in full and for short.
_STREETS = {
    "street": ("st", "str"), "avenue": ("ave", "av"), "road": ("rd",), "boulevard": ("blvd", "bd", "bvd"),
    "drive": ("dr",), "lane": ("ln",), "court": ("ct",), "place": ("pl",), "square": ("sq",),
    "highway": ("hwy",), "parkway": ("pkwy",), "terrace": ("ter",), "circle": ("cir",),
    "strasse": ("str",), "platz": ("pl",), "rue": ("r",), "straat": ("str",), "ulica": ("ul",),
    "via": ("v",), "calle": ("c",), "avenida": ("av", "avda"), "piazza": ("pza",), "north": ("n",),
    "south": ("s",), "east": ("e",), "west": ("w",),
}  # fmt: skip
_SHORT = {short: full for full, shorts in reversed(_STREETS.items()) for short in shorts if len(short) > 1}
_COMPOUND = ("strasse", "straat")

# What stands beside a street in anybody's address: says nothing alone, nor with a number.
_UNITS = frozenset(
    """
    apartment apt bldg block box building dept department etage fl flat floor hinterhof house level no number
    office og po pob postfach piso ptl rm room section ste stock suite tower unit wing
    """.split()  # noqa: SIM905 - a block is easier to read than quoted strings
)


def names(text: str) -> Iterator[Written]:
    """Yield how a person's name is written."""
    parts = words(text).split()
    plain = [part for part in parts if part not in _TITLES] or parts
    yield Form.PLAIN, " ".join(parts), True
    yield Form.PLAIN, " ".join(plain), True
    for those in (plain, parts):
        orders = permutations(those) if len(those) <= _MOST_TURNED else _rotated(those)
        yield from ((Form.TURNED, " ".join(order), True) for order in orders)
    yield from ((Form.PARTIAL, text, True) for text in _shortened(plain))
    yield from ((Form.PARTIAL, text, False) for text in _with_initials(plain))


def _rotated(parts: list[str]) -> Iterator[tuple[str, ...]]:
    for place in range(1, len(parts)):
        yield (*parts[place:], *parts[:place])
    yield tuple(reversed(parts))


def _shortened(parts: list[str]) -> Iterator[str]:
    """Yield a name of three words or more as two: given name and one family name, in either order."""
    if len(parts) > 2:  # noqa: PLR2004 - said above
        for other in (parts[-1], parts[1]):
            if len(parts[0]) > 1 and len(other) > _PARTICLE:
                yield f"{parts[0]} {other}"
                yield f"{other} {parts[0]}"


def _with_initials(parts: list[str]) -> Iterator[str]:
    """Yield a name with the initial of the given name: Z. Müller."""
    if len(parts) > 1 and len(parts[0]) > 1:
        family = " ".join(parts[1:])
        yield f"{parts[0][0]} {family}"
        yield f"{family} {parts[0][0]}"


def organisations(text: str) -> Iterator[Written]:
    """Yield how an organisation is written: whole, without its legal form, with and without `and`."""
    parts = words(text).split()
    bare = list(parts)
    while len(bare) > 1 and bare[-1] in _LEGAL_FORMS:
        bare.pop()
    for form, each in ((Form.PLAIN, parts), (Form.ABBREVIATED, bare)):
        yield form, " ".join(each), True
        yield Form.ABBREVIATED, " ".join(part for part in each if part not in _AND), True


def streets(text: str) -> Iterator[Written]:
    """Yield how a line of a street is written: in full, for short, the number first or last."""
    parts = words(text).split()
    if all(part in _UNITS or part.isdigit() or len(part) == 1 for part in parts):
        return
    yield Form.PLAIN, " ".join(parts), True
    for place, part in enumerate(parts):
        for other in _abbreviations(part):
            yield Form.ABBREVIATED, " ".join((*parts[:place], other, *parts[place + 1 :])), True
    for form, other in tuple(_turned_number(parts)):
        yield form, other, True


def _abbreviations(part: str) -> Iterator[str]:
    yield from _STREETS.get(part, ())
    if part in _SHORT:
        yield _SHORT[part]
    for full in _COMPOUND:
        if part.endswith(full) and part != full:
            yield part.removesuffix(full) + "str"
    if part.endswith("str") and len(part) > len("str"):
        yield part.removesuffix("str") + "strasse"


def _turned_number(parts: list[str]) -> Iterator[tuple[Form, str]]:
    if len(parts) > 1 and parts[-1][0].isdigit():
        yield Form.TURNED, " ".join((parts[-1], *parts[:-1]))
    if len(parts) > 1 and parts[0][0].isdigit():
        yield Form.TURNED, " ".join((*parts[1:], parts[0]))
