"""Look into packed documents: archives, office documents, PDF, PNG, base64 and hexadecimal in text.

Their metadata name the author. What is recognised is told by its octets, never by its name or type,
which anybody may choose. What is encrypted, of a kind that names its author by design, nested too deep
or larger than the limits cannot be looked into, and is reported as such.
"""

import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mailrelay.rewriting.scrub.archives import (
    MOST_OCTETS,
    CannotLookInside,
    bunzipped,
    gunzipped,
    tar_members,
    unxzed,
    zip_members,
)
from mailrelay.rewriting.scrub.charsets import CONTROLS, NO_TEXT
from mailrelay.rewriting.scrub.codings import from_base64
from mailrelay.rewriting.scrub.pdf import PDF, pdf_texts

_MOST_LEVELS = 4
_SEARCHED = 256 * 1024  # octets; larger documents hold pictures in base64, and their search takes long
_SHIFTED = 16 * 1024  # octets of base64 that is read from each of four places: other letters may precede it
_SHORT = 256  # octets
_LONG = 1024  # octets; tokens and keys are shorter
_RARE = 24  # octets for each control in a text: other letters before and behind it may read as one
_MOST_STREAMS = 4096  # a picture of 25 MB has half as many places that look like one
_STEP = 4096  # packed octets that are read at a time; what fails has cost no more than it gave
_LETTERS = 40  # of the 64 of base64; words and numbers have fewer
_DECLARED = (b"base64,", b"base64, ")  # of a data: URI, whose pictures are cleaned
_PACKED = (b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78", b"%PDF", b"{\\rtf", b"\xff\xfe", b"\xfe\xff")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:=?\r?\n[A-Za-z0-9+/_-]+)*")
_HEXADECIMAL = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}|(?:[0-9A-Fa-f]{2}[\s:]){12,}")
_UUENCODED = re.compile(rb"^begin [0-7]{3} [^\r\n]*\r?\n((?:[!-`][ -`]*\r?\n)+)", re.MULTILINE)
_PNG = b"\x89PNG\r\n\x1a\n"
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
# What files begin with that name their authors: pictures, PDF, ZIP, old Office.
_FILES = (_PNG, b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1")
# TNEF, 7z, RAR, Zstandard, LZ4, CAB: packings that we do not read.
_CLOSED = (
    b"\x78\x9f\x3e\x22",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"MSCF",
)
# Keys, certificates, visiting cards and calendars say who somebody is, whatever type they are sent as;
# yEnc and BinHex are codings that we do not read.
_WHO_SOMEBODY_IS = re.compile(
    rb"^=ybegin [^\r\n]*name=|^\(This file must be converted with BinHex"
    rb"|-----BEGIN (?:PGP |CERTIFICATE|PKCS7|CMS)|^BEGIN:V(?:CARD|CALENDAR)[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Member:
    """What is packed in a document.

    Attributes:
        by_chance: Pieces of text that looked like a coding, and may be none.
    """

    octets: bytes = field(repr=False)
    by_chance: bool = False


def members(octets: bytes) -> Iterator[Member]:
    """Yield names and contents of what is packed in a document, at any depth; nothing where nothing is.

    Raises:
        CannotLookInside: There is something that cannot be read, or a file is written in text.
    """
    left = MOST_OCTETS
    waiting = [(octets, 0)]
    while waiting:
        document, level = waiting.pop()
        if document.startswith(_CLOSED) or _WHO_SOMEBODY_IS.search(document) or level > _MOST_LEVELS:
            raise CannotLookInside
        for member in _packed_in(document, is_outermost=not level):
            left -= len(member.octets)
            if left < 0:
                raise CannotLookInside
            yield member
            waiting.append((member.octets, level + 1))


def _packed_in(octets: bytes, *, is_outermost: bool) -> Iterator[Member]:
    for is_of_kind, unpacked in _KINDS:
        if is_of_kind(octets):
            yield from map(Member, unpacked(octets))
            return
    is_text = NO_TEXT.search(octets) is None
    if not is_text:
        yield from map(Member, _inflated_within(octets))
    if len(octets) <= _SEARCHED:
        yield from _in_text(octets, may_be_files=is_text and is_outermost)


def _png_texts(octets: bytes) -> Iterator[bytes]:
    """Yield compressed texts of a PNG (ISO/IEC 15948 section 11.3.4); others stand in it as they are."""
    position = len(_PNG)
    while position + 8 <= len(octets):
        size, kind = (
            int.from_bytes(octets[position : position + 4], "big"),
            octets[position + 4 : position + 8],
        )
        chunk = octets[position + 8 : position + 8 + size]
        position += 12 + size
        if kind in {b"zTXt", b"iTXt"}:
            yield from _inflated_within(chunk)


def _inflated_within(octets: bytes) -> Iterator[bytes]:
    """Yield what is packed by zlib (RFC 1950) at any place."""
    view = memoryview(octets)
    left = MOST_OCTETS
    for count, found in enumerate(_ZLIB.finditer(octets)):
        if count > _MOST_STREAMS or left <= 0:
            raise CannotLookInside
        unpacked, is_whole = _unpacked(view[found.start() :], left)
        left -= len(unpacked)
        if is_whole:
            yield unpacked


def _inflated(octets: bytes) -> Iterator[bytes]:
    """Yield what is packed by zlib, if it is that."""
    unpacked, is_whole = _unpacked(memoryview(octets), MOST_OCTETS)
    if is_whole:
        yield unpacked


def _unpacked(octets: memoryview, most: int) -> tuple[bytes, bool]:
    """Return what zlib unpacks and whether all of it can be; the checksum may be wrong or cut off."""
    stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    unpacked = bytearray()
    try:
        for start in range(2, len(octets), _STEP):
            unpacked += stream.decompress(octets[start : start + _STEP], most)
            if stream.eof or len(unpacked) >= most:
                break
    except zlib.error:
        return bytes(unpacked), False
    return bytes(unpacked), True


def _in_text(octets: bytes, *, may_be_files: bool) -> Iterator[Member]:
    """Yield what is written in base64 and the like; short pieces together, as there may be thousands."""
    texts, old_texts, others = list[bytes](), list[bytes](), list[bytes]()
    for piece in _pieces(octets, may_be_files=may_be_files):
        is_utf8 = _is_utf8(piece)
        old_text = b"" if is_utf8 else _old_text(piece)
        # Text of an old charset is read in all of them, which takes long.
        if len(piece) > (_LONG if old_text else _SHORT) or piece.startswith(_PACKED):
            yield Member(piece)
            continue
        (texts if is_utf8 and not NO_TEXT.search(piece) else others).append(piece)
        if old_text:
            old_texts.append(old_text)
    # Between others stand two octets, so that text of sixteen bits stays in step.
    for pieces, between in ((texts, b"\n"), (old_texts, b"\n"), (others, b"\0\n")):
        if pieces:
            yield Member(between.join(pieces), by_chance=pieces is old_texts)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _old_text(octets: bytes) -> bytes:
    """Return what may be text of an old charset, less its few controls; empty where there are many."""
    text = octets.translate(None, CONTROLS)
    return text if (len(octets) - len(text)) * _RARE <= len(octets) else b""


def _pieces(octets: bytes, *, may_be_files: bool) -> Iterator[bytes]:
    for found in _BASE64.finditer(octets):
        read = tuple(_from_base64(found[0]))
        is_declared = octets.endswith(_DECLARED, max(found.start() - 8, 0), found.start())
        if may_be_files and not is_declared and _is_file(found[0], read):
            raise CannotLookInside
        yield from read
        # The last line may be words already.
        before, line_end, _ = found[0].rpartition(b"\n")
        if line_end:
            yield from _from_base64(before)
    for found in _HEXADECIMAL.finditer(octets):
        yield binascii.unhexlify(re.sub(rb"[\s:]", b"", found[0]))
    for found in _UUENCODED.finditer(octets):
        yield _from_uuencoding(found[1])


def _is_file(run: bytes, read: tuple[bytes, ...]) -> bool:
    """Return whether a run of base64 in a text is a file: it is called none, so that nobody cleaned it."""
    if any(one.startswith(_FILES) for one in read):
        return True
    if len(run) * 3 < _LONG * 4 or len(set(run)) < _LETTERS or any(map(_is_utf8, read)):
        return False
    # Lines of a file are equally long, those of lists are not.
    first, *others, _ = (*run.splitlines(), b"")
    return all(len(line) == len(first) for line in others[:-1])


def _from_base64(run: bytes) -> Iterator[bytes]:
    # Of the ends of lines that of quoted-printable has a sign of its own.
    letters = run.translate(None, b"=\r\n")
    return from_base64(letters, 4 if len(letters) <= _SHIFTED else 1)


def _from_uuencoding(lines: bytes) -> bytes:
    octets = b""
    for line in lines.splitlines():
        try:
            octets += binascii.a2b_uu(line)
        except binascii.Error:
            break
    return octets


_Kind = tuple[Callable[[bytes], object], Callable[[bytes], Iterator[bytes]]]
_KINDS: tuple[_Kind, ...] = (
    # A ZIP is found from its end: programs that unpack themselves stand before it.
    (lambda octets: octets.startswith(b"PK\x03\x04") or zipfile.is_zipfile(io.BytesIO(octets)), zip_members),
    (lambda octets: octets.startswith(b"\x1f\x8b\x08"), gunzipped),
    (lambda octets: octets.startswith(b"BZh"), bunzipped),
    (lambda octets: octets.startswith(b"\xfd7zXZ\0"), unxzed),
    (lambda octets: octets[257:262] == b"ustar", tar_members),
    (lambda octets: octets.startswith(_PNG), _png_texts),
    (PDF.match, pdf_texts),
    (_ZLIB.match, _inflated),
)
