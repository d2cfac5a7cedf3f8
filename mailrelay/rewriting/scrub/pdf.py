"""The texts of a PDF (ISO 32000-1): its strings, its streams, and what its pages show."""

import io
import re
from collections.abc import Iterator

import pikepdf

from mailrelay.rewriting.scrub.archives import CannotLookInside

# Annex H.3.4.1: readers take the header anywhere in the first 1024 octets.
PDF = re.compile(rb"[\s\S]{0,1024}?%PDF-")
_MOST_OBJECTS = 20_000
_MOST_LEVELS = 20
_MOST_FONTS = 50
_SHOWING = frozenset({"Tj", "TJ", "'", '"'})
_MOVING = frozenset({"BT", "Td", "TD", "Tm", "T*", "'", '"'})
_GAP = -180  # thousandths of the letter height, from where a move inside a line is a blank
_MAPS = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
_CODES = re.compile(rb"<([0-9A-Fa-f\s]*)>|([\[\]])")

_Codes = dict[bytes, str]


def pdf_texts(octets: bytes) -> Iterator[bytes]:
    """Yield strings, decoded streams and shown text, in UTF-8 where it is text.

    Raises:
        CannotLookInside: It is encrypted or broken, or holds too many objects.
    """
    try:
        with pikepdf.open(io.BytesIO(octets)) as document:
            if document.is_encrypted or len(document.objects) > _MOST_OBJECTS:
                raise CannotLookInside
            yield from _texts(document)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, RuntimeError) as error:
        raise CannotLookInside from error


def _texts(document: pikepdf.Pdf) -> Iterator[bytes]:
    maps: list[_Codes] = []
    shown: list[pikepdf.Object] = []
    for one in (document.trailer, *document.objects):
        yield from (text.encode("utf-8", "replace") for text in _strings(one, _MOST_LEVELS))
        if isinstance(one, pikepdf.Stream):
            content = _content(one)
            yield content
            if b"beginbf" in content and len(maps) < _MOST_FONTS:
                maps.append(_unicode_of(content))
            elif b"Tj" in content or b"TJ" in content:
                shown.append(one)
    for stream in shown:
        yield from (text.encode("utf-8", "replace") for text in _shown(stream, maps))


def _strings(one: pikepdf.Object, levels: int) -> Iterator[str]:
    """Yield names and strings of an object, without following references."""
    if isinstance(one, pikepdf.String):
        yield str(one)
    elif levels and isinstance(one, pikepdf.Array):
        for item in one.as_list():
            if not getattr(item, "is_indirect", False):
                yield from _strings(item, levels - 1)
    elif levels and isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
        for name, item in one.items():
            yield name
            if not getattr(item, "is_indirect", False):
                yield from _strings(item, levels - 1)


def _content(stream: pikepdf.Stream) -> bytes:
    try:
        return stream.read_bytes()
    except pikepdf.PdfError:
        # A picture's own format, which is looked at as it is.
        return stream.read_raw_bytes()


def _shown(stream: pikepdf.Object, maps: list[_Codes]) -> Iterator[str]:
    """Yield what a content stream shows, in the letters of each font (section 9.4.3)."""
    try:
        runs = _runs(stream)
    except (pikepdf.PdfError, TypeError):
        return
    yield "".join(run.decode("cp1252", "replace") for run in runs)
    for codes in maps:
        yield "".join(_in_letters(run, codes) for run in runs)


def _runs(stream: pikepdf.Object) -> list[bytes]:
    runs = []
    for instruction in pikepdf.parse_content_stream(stream):
        operator = str(instruction.operator)
        if operator in _MOVING:
            runs.append(b"\n")
        if operator in _SHOWING:
            for operand in instruction.operands:
                for item in operand if isinstance(operand, pikepdf.Array) else [operand]:
                    if isinstance(item, pikepdf.String):
                        runs.append(bytes(item))
                    elif not isinstance(item, pikepdf.Object) and item < _GAP:
                        runs.append(b" ")
    return runs


def _in_letters(run: bytes, codes: _Codes) -> str:
    if run in {b"\n", b" "}:
        return run.decode()
    width = len(next(iter(codes), b"x"))
    return "".join(codes.get(run[at : at + width], "") for at in range(0, len(run), width))


def _unicode_of(cmap: bytes) -> _Codes:
    """Return the letters of a font's codes (ToUnicode, section 9.10.3)."""
    codes: _Codes = {}
    for kind, table in _MAPS.findall(cmap):
        tokens = [bracket or bytes.fromhex(digits.decode()) for digits, bracket in _CODES.findall(table)]
        codes |= _single(tokens) if kind == b"char" else _ranges(tokens)
    return codes


def _single(tokens: list[bytes]) -> _Codes:
    return {code: _letters(to) for code, to in zip(tokens[::2], tokens[1::2], strict=False)}


def _ranges(tokens: list[bytes]) -> _Codes:
    codes: _Codes = {}
    waiting = iter(tokens)
    for first in waiting:
        last, to = next(waiting, b""), next(waiting, b"")
        start, width = int.from_bytes(first, "big"), len(first)
        for code in range(start, min(int.from_bytes(last, "big"), start + 0xFFFF) + 1):
            if to == b"[":
                letters = _letters(next(waiting, b""))
            else:
                letters = _letters(
                    (int.from_bytes(to, "big") + code - start).to_bytes(max(len(to), 2), "big")
                )
            codes[code.to_bytes(max(width, 1), "big")] = letters
        if to == b"[":
            next(waiting, b"")
    return codes


def _letters(octets: bytes) -> str:
    return octets.decode("utf-16-be", "replace")
