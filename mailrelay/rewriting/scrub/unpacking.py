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
from contextlib import suppress

from mailrelay.rewriting.scrub.archives import (
    MOST_OCTETS,
    CannotLookInside,
    bunzipped,
    gunzipped,
    tar_members,
    unxzed,
    zip_members,
)
from mailrelay.rewriting.scrub.codings import from_base64
from mailrelay.rewriting.scrub.pdf import PDF, pdf_texts

_MOST_LEVELS = 4
_SEARCHED = 256 * 1024  # octets; larger documents hold pictures in base64, and their search takes long
_SHIFTED = 16 * 1024  # octets of base64 that is read from each of four places: other letters may precede it
_SHORT = 256  # octets
_PACKED = (b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78", b"%PDF", b"{\\rtf", b"\xff\xfe", b"\xfe\xff")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:=?\r?\n[A-Za-z0-9+/_-]+)*")
_HEXADECIMAL = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}|(?:[0-9A-Fa-f]{2}[\s:]){12,}")
_UUENCODED = re.compile(rb"^begin [0-7]{3} [^\r\n]*\r?\n((?:[!-`][ -`]*\r?\n)+)", re.MULTILINE)
_PNG = b"\x89PNG\r\n\x1a\n"
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
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


def members(octets: bytes) -> Iterator[bytes]:
    """Yield names and contents of what is packed in a document, at any depth; nothing where nothing is.

    Raises:
        CannotLookInside: There is something that cannot be read.
    """
    left = MOST_OCTETS
    waiting = [(octets, 0)]
    while waiting:
        document, level = waiting.pop()
        if document.startswith(_CLOSED) or _WHO_SOMEBODY_IS.search(document) or level > _MOST_LEVELS:
            raise CannotLookInside
        for member in _packed_in(document):
            left -= len(member)
            if left < 0:
                raise CannotLookInside
            yield member
            waiting.append((member, level + 1))


def _packed_in(octets: bytes) -> Iterator[bytes]:
    for is_of_kind, unpacked in _KINDS:
        if is_of_kind(octets):
            yield from unpacked(octets)
            return
    if len(octets) <= _SEARCHED:
        yield from _in_text(octets)


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
            for found in _ZLIB.finditer(chunk):
                try:
                    yield zlib.decompressobj().decompress(chunk[found.start() :], MOST_OCTETS)
                except zlib.error:
                    continue


def _inflated(octets: bytes) -> Iterator[bytes]:
    """Yield what is packed by zlib (RFC 1950), if it is that."""
    with suppress(zlib.error):
        yield zlib.decompressobj().decompress(octets, MOST_OCTETS)


def _in_text(octets: bytes) -> Iterator[bytes]:
    """Yield what is written in base64 and the like; short pieces together, as there may be thousands."""
    short: dict[bool, list[bytes]] = {True: [], False: []}
    for piece in _pieces(octets):
        if len(piece) > _SHORT or piece.startswith(_PACKED):
            yield piece
        else:
            short[_is_utf8(piece)].append(piece)
    yield from (b"\n".join(pieces) for pieces in short.values() if pieces)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _pieces(octets: bytes) -> Iterator[bytes]:
    for found in _BASE64.finditer(octets):
        yield from _from_base64(found[0])
        # The last line may be words already.
        before, line_end, _ = found[0].rpartition(b"\n")
        if line_end:
            yield from _from_base64(before)
    for found in _HEXADECIMAL.finditer(octets):
        yield binascii.unhexlify(re.sub(rb"[\s:]", b"", found[0]))
    for found in _UUENCODED.finditer(octets):
        yield _from_uuencoding(found[1])


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
