"""Read an answer in every form that its text may have: as it stands, and with each encoding undone.

What is decoded is read again, since encodings are put inside each other. All readings together are bounded;
an answer that needs more has not been read whole, and can leak but not be clean.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from registries.lookup.document import Document, Lines
from registries.lookup.folding import fold, spellings
from registries.lookup.forms import CHARSETS, DECODERS, Decoder, Form, read_anew
from registries.lookup.hidden import hidden_in_base64, hidden_in_hex
from registries.lookup.reading import Reading

_MOST_CHARS = 5 * 65_536
_CHARS_A_LINE = 8  # what a line costs beside its characters
# In one charset or another; directories that answer so are older than long answers.
_MOST_LINES_ANEW = 200
_ROUNDS = 3


@dataclass(frozen=True, slots=True, repr=False)
class Readings:
    """An answer about a domain in all its forms; the first is the text as it stands.

    Attributes:
        whole: False where something was cut off, or is too long to be read in every form.
    """

    document: Document
    every: tuple[Reading, ...]
    whole: bool

    @property
    def plain(self) -> Reading:
        """The text as it stands."""
        return self.every[0]

    def show(self, text: str) -> bool:
        """Whether a text stands in the answer, folded, in any form; what a parser says proves nothing."""
        folded = fold(text)
        return any(folded in reading.folded for reading in self.every if reading.form is not Form.PARSED)


def read(document: Document, domain: str) -> Readings:
    """Return the readings of an answer; the domain's own name, in A-labels or "", is no word of it."""
    names = spellings(domain) if domain else frozenset()
    every: list[Reading] = []
    chars = 0
    for form, lines in _forms(document):
        chars += sum(len(text) + _CHARS_A_LINE for _, text in lines)
        if every and chars > _MOST_CHARS:
            return Readings(document, tuple(every), whole=False)
        every.append(Reading(form, lines, names))
    return Readings(document, tuple(every), document.whole)


def _forms(document: Document) -> Iterator[tuple[Form, Lines]]:
    lines = document.lines
    yield Form.PLAIN, lines
    if document.second:
        yield Form.PARSED, list(document.second)
    yield from _decoded(lines)
    for form, hidden in ((Form.BASE64, hidden_in_base64(lines)), (Form.HEX, hidden_in_hex(lines))):
        if hidden:
            yield form, hidden
            yield from ((form, each) for _, each in _decoded(hidden))
    high = list(islice((line for line in lines if not line[1].isascii()), _MOST_LINES_ANEW))
    for charset in CHARSETS if high else ():
        if anew := list(_anew(high, charset)):
            yield Form.CHARSET, anew


def _decoded(lines: Lines) -> Iterator[tuple[Form, Lines]]:
    """Yield the text each time that one more form was found in it and undone."""
    for _ in range(_ROUNDS):
        before, text = lines, _joined(lines)
        for decoder in DECODERS:
            if decoder.stands_in(text) and (undone := _undone(decoder, lines)) != lines:
                lines, text = undone, _joined(undone)
                yield decoder.form, lines
        if lines is before:
            return


def _joined(lines: Lines) -> str:
    return "\n".join([text for _, text in lines])


def _undone(decoder: Decoder, lines: Lines) -> Lines:
    """Return all lines with one form undone."""
    whole = _unbroken(lines) if decoder.form is Form.QUOTED_PRINTABLE else lines
    undone: Lines = []
    for number, text in whole:
        if decoder.stands_in(text):
            undone += [(number, piece) for piece in decoder.decode(text).split("\n")]
        else:
            undone.append((number, text))
    return undone


def _unbroken(lines: Iterable[tuple[int, str]]) -> Lines:
    """Return lines with the soft breaks of quoted-printable (RFC 2045 section 6.7) taken out."""
    whole: list[tuple[int, list[str]]] = []
    is_broken = False
    for number, text in lines:
        line = text.rstrip("\r")
        if is_broken:
            whole[-1][1].append(line.removesuffix("="))
        else:
            whole.append((number, [line.removesuffix("=")]))
        is_broken = line.endswith("=")
    return [(number, "".join(parts)) for number, parts in whole]


def _anew(lines: Lines, charset: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that read otherwise in a charset."""
    for number, text in lines:
        if (anew := read_anew(text, charset)) != text:
            yield number, anew
