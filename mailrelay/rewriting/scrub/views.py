"""The readings of a text: as it stands, with escapes resolved, without markup, by the look of its letters.

Each knows for every character where in the text it comes from, so that what is found in a reading can be
replaced in the text itself.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from mailrelay.rewriting.scrub.codings import coded_texts
from mailrelay.rewriting.scrub.folding import BARRIER, bare, bare_positions, by_look

_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"  # RFC 3986 section 2.1
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?"  # HTML section 13.5
    r"|(?:\\u[0-9A-Fa-f]{4})+|\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}"  # JSON, JavaScript
    r"|\\'[0-9A-Fa-f]{2}"  # RTF
    r"|\\[0-9A-Fa-f]{2,6} ?"  # CSS
    r"|\\[nrt]"  # ends of lines and tabs in many languages
)
_QUOTED_PRINTABLE = re.compile(r"(?:=(?:\r?\n|[0-9A-Fa-f]{2}))+")  # RFC 2045 section 6.7
_UTF_7 = re.compile(r"\+[A-Za-z0-9+/]{2,}-?")  # RFC 2152
_HIDING = re.compile(r"<(?:!--|style|script|[^\0-\x7f])", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_FOLD = re.compile(r"\r?\n[ \t]")
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(style|script)\b.*?(?:</\1\s*>|\Z)"
    r"|<(/?[a-z][a-z0-9:]*|[!?/])(?:[^<>=]++|=\s*+\"[^\"]*+\"|=\s*+'[^']*+'|=)*+>",
    re.DOTALL | re.IGNORECASE,
)
_VALUE = re.compile(r"=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
_BLOCKS = frozenset(
    """
    address article aside blockquote body br center dd details div dl dt footer form h1 h2 h3 h4 h5 h6 head
    header hr html li main nav ol p pre section summary table tbody tfoot thead title tr ul
    """.split()  # noqa: SIM905 - a block is easier to read than quoted strings
)
_CELLS = frozenset({"td", "th"})
# Of office documents: what parts words; runs of letters do not (ISO 29500-1 section 17.3, ODF 1.3 section 5).
_OFFICE_TEXT = frozenset({"a", "m", "pic", "text", "w", "wp"})
_OFFICE_BLOCKS = frozenset({"br", "h", "p", "tab", "tc", "tr"})
_NOTHING = "\u200b"  # nobody sees it
_JSON = 6  # characters of an escape
_MOST_ROUNDS = 3  # an escape may be escaped: %2540


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text that reads as something else.

    Attributes:
        reads: What it reads as.
        width: Of each character of `reads` in the text; 0 where they cannot be told apart.
    """

    start: int
    end: int
    reads: str
    width: int = 0


@dataclass(eq=False)
class View:
    """A reading of a text.

    Attributes:
        text: As it reads.
        read: The view that is read; None for the text itself.
        pieces: From where in `text` on (ascending) which piece of `read.text` stands; empty where they are
            the same, character by character.
        backwards: It is read from its end.
    """

    text: str
    read: "View | None" = None
    pieces: list[tuple[int, Piece]] = field(default_factory=list, repr=False)
    backwards: bool = False

    @cached_property
    def bare(self) -> str:
        """Letters and digits only, in one form."""
        return bare(self.text)

    @cached_property
    def positions(self) -> list[int]:
        """Where each character of `bare` stands in `text`."""
        return bare_positions(self.text)

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return where a range of `text` stands in the text that all is read from."""
        if self.read is None:
            return start, end
        if self.backwards:
            return self.read.source(len(self.text) - end, len(self.text) - start)
        if not self.pieces:
            return self.read.source(start, end)
        return self.read.source(self._place(start)[0], self._place(end - 1)[1])

    def _place(self, at: int) -> tuple[int, int]:
        """Return where the character at a place of `text` stands in `read.text`."""
        first, piece = self.pieces[bisect_right(self.pieces, at, key=itemgetter(0)) - 1]
        if not piece.width:
            return piece.start, piece.end
        start = piece.start + (at - first) * piece.width
        return start, start + piece.width

    def turned(self) -> "View":
        """Return the view read backwards."""
        return View(self.text[::-1], self, backwards=True)

    def replaced(self, others: Iterable[Piece]) -> "View | None":
        """Return the view with pieces read otherwise; None where there are none."""
        chunks: list[str] = []
        pieces: list[tuple[int, Piece]] = []
        length = done = 0
        for other in (*others, Piece(len(self.text), len(self.text), "")):
            same = Piece(done, other.start, self.text[done : other.start], 1)
            for piece in (same, other):
                if piece.reads:
                    pieces.append((length, piece))
                    chunks.append(piece.reads)
                    length += len(piece.reads)
            done = other.end
        text = "".join(chunks)
        return None if text == self.text else View(text, self, pieces)


def views(text: str) -> list[View]:
    """Return the readings of a text, those that differ only."""
    plain = View(text.replace(BARRIER, _NOTHING))
    found = [plain]
    if (unescaped := _unescaped(plain)) is not None:
        found += (unescaped, *_marked_up(unescaped))
    found += [_unescaped(view) or view for view in _marked_up(plain)]
    if "\n " in text or "\n\t" in text:
        found += filter(None, [plain.replaced(_folds(text))])
    if "=" in text and (unquoted := plain.replaced(_quoted_printable(text))) is not None:
        found.append(unquoted)
    if "+" in text and (unshifted := plain.replaced(_utf_7(text))) is not None:
        found.append(unshifted)
    return _all_of(found)


def html_views(text: str) -> list[View]:
    """Return the readings of an HTML document: its text without tags, and what stands in them, each alone.

    What is found in one of them can be replaced without harm to a tag.
    """
    document = View(text.replace(BARRIER, _NOTHING))
    found = [document.replaced(_markup(text)) or document]
    if "=" in text or "<!" in text:
        found += filter(None, [document.replaced(_beside_values(text))])
    unescaped = [_unescaped(view) or view for view in found]
    return _all_of([*unescaped, *(shown for view in unescaped for shown in _marked_up(view))])


def _marked_up(view: View) -> Iterator[View]:
    """Yield the text without its markup, also as where it is no HTML: what is hidden there shows then."""
    if "<" in view.text:
        for pieces in (_markup, _tags) if _HIDING.search(view.text) else (_markup,):
            yield from filter(None, [view.replaced(pieces(view.text))])


def _all_of(found: list[View]) -> list[View]:
    """Return readings with those in which other alphabets look like Latin and other codings are read."""
    found += [coded for view in found if (coded := _decoded(view)) is not None]
    return found + [View(looks, view) for view in found if (looks := by_look(view.text)) is not view.text]


def _beside_values(text: str) -> Iterator[Piece]:
    done = 0
    for start, end in (*_values(text), (len(text), len(text))):
        yield Piece(done, start, f"\n{BARRIER}\n")
        done = end


def _values(text: str) -> Iterator[tuple[int, int]]:
    """Yield where values of attributes, comments, styles and scripts stand."""
    for found in _MARKUP.finditer(text):
        if found[0].startswith("<!--"):
            yield found.start() + len("<!--"), found.end() - len("-->") * found[0].endswith("-->")
        elif found[1]:
            begin = text.find(">", *found.span()) + 1
            yield begin, max(begin, text.rfind("</", *found.span()))
        else:
            for value in _VALUE.finditer(text, *found.span()):
                yield value.span(value.lastindex or 0)


def tags_in(text: str) -> str:
    """Return the tags of a piece of HTML without what stands between them."""
    return "".join(found[0] for found in _MARKUP.finditer(text))


def _unescaped(view: View) -> View | None:
    result = None
    for _ in range(_MOST_ROUNDS):
        following = view.replaced(_escapes(view.text))
        if following is None:
            break
        result = view = following
    return result


def _decoded(view: View) -> View | None:
    result = None
    for _ in range(_MOST_ROUNDS):
        following = view.replaced(Piece(*place) for place in coded_texts(view.text))
        if following is None:
            break
        result = view = _unescaped(following) or following
    return result


def _escapes(text: str) -> Iterator[Piece]:
    if "%" not in text and "&" not in text and "\\" not in text:
        return
    for found in _ESCAPE.finditer(text):
        if found[0].startswith("%"):
            yield _octets(found, bytes.fromhex(found[0].replace("%", "")))
        elif found[0].startswith("\\u") and "{" not in found[0]:
            reads = bytes.fromhex(found[0].replace("\\u", "")).decode("utf-16-be", "replace")
            yield Piece(*found.span(), reads, _JSON if _JSON * len(reads) == len(found[0]) else 0)
        else:
            yield Piece(found.start(), found.end(), _resolved(found[0]))


def _quoted_printable(text: str) -> Iterator[Piece]:
    for found in _QUOTED_PRINTABLE.finditer(text):
        octets = bytes.fromhex(found[0].replace("=", " "))
        parted = "\n" in found[0]
        yield Piece(*found.span(), _text_of(octets)) if parted else _octets(found, octets)


def _utf_7(text: str) -> Iterator[Piece]:
    for found in _UTF_7.finditer(text):
        # Bits that are left over at its end trouble no reader.
        reads = found[0].encode().decode("utf-7", "ignore")
        yield Piece(*found.span(), reads.encode("utf-8", "replace").decode())


def _tags(text: str) -> Iterator[Piece]:
    return (Piece(*found.span(), "") for found in _TAG.finditer(text))


def _folds(text: str) -> Iterator[Piece]:
    """Read lines that are folded as in header fields, calendars and visiting cards (RFC 5545 section 3.1)."""
    return (Piece(*found.span(), "") for found in _FOLD.finditer(text))


def _octets(found: re.Match[str], octets: bytes) -> Piece:
    """Read octets that are each written in three characters."""
    reads = _text_of(octets)
    return Piece(*found.span(), reads, 3 if len(reads) == len(octets) else 0)


def _text_of(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _resolved(escape: str) -> str:
    if escape.startswith("&"):
        return html.unescape(escape)
    if escape[-1] in "nrt":
        return "\n"
    digits = escape.strip("\\ux{}' ")
    if escape.startswith("\\'"):
        return bytes.fromhex(digits).decode("cp1252", "replace")
    code = int(digits, 16)
    # Half characters and what is none stay as they are written.
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code <= 0x10FFFF else escape  # noqa: PLR2004 - Unicode section 3.9


def _markup(text: str) -> Iterator[Piece]:
    for found in _MARKUP.finditer(text):
        yield Piece(found.start(), found.end(), _parting((found[2] or "").lstrip("/").lower()))


def _parting(tag: str) -> str:
    """Return what a tag is to the reader: the end of a line, of a cell, or nothing."""
    space, colon, name = tag.rpartition(":")
    if colon:
        return "" if space in _OFFICE_TEXT and name not in _OFFICE_BLOCKS else "\n"
    return "\n" if name in _BLOCKS else " \t" if name in _CELLS else ""
