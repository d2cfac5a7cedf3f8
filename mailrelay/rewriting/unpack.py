"""Look into packed documents: ZIP containers (Office, OpenDocument), gzip, PDF, PNG, base64 in text.

Their metadata name the author. What is recognised is told by its octets, never by its name or type,
which anybody may choose. What is encrypted, of a kind that names its author by design, nested too deep
or larger than the limits cannot be looked into, and is reported as such.
"""

import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Iterator

_MOST_OCTETS = 32 * 1024 * 1024  # of all members together: a small file can hold a large one many times
_MOST_MEMBERS = 2000
_MOST_LEVELS = 4
_PIECE = 64 * 1024
_BASE64_WITHIN = 256 * 1024  # octets; larger documents hold pictures in base64, and their search takes long
_FLATE = re.compile(rb"stream\r?\n")
_HEXADECIMAL = re.compile(rb"<([0-9A-Fa-f\s]{8,})>")  # ISO 32000-1 section 7.3.4.3
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{20,}(?:\r?\n[A-Za-z0-9+/]+)*")
_GZIP = b"\x1f\x8b\x08"
_ZIP = b"PK\x03\x04"
_PNG = b"\x89PNG\r\n\x1a\n"
# ISO 32000-1 annex H.3.4.1: readers take the header anywhere in the first 1024 octets.
_PDF = re.compile(rb"[\s\S]{0,1024}?%PDF-")
# TNEF, 7z, RAR, xz, bzip2, Zstandard: packings that we do not read.
_CLOSED = (
    b"\x78\x9f\x3e\x22",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xfd7zXZ\0",
    b"BZh",
    b"\x28\xb5\x2f\xfd",
)
# Keys, certificates, visiting cards and calendars say who somebody is, whatever type they are sent as.
_WHO_SOMEBODY_IS = re.compile(
    rb"-----BEGIN (?:PGP |CERTIFICATE|PKCS7|CMS)|^BEGIN:V(?:CARD|CALENDAR)[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)


class CannotLookInside(Exception):
    """The document is encrypted, broken or too large."""


def members(octets: bytes) -> Iterator[bytes]:
    """Yield names and contents of what is packed in a document, at any depth; nothing where nothing is.

    Raises:
        CannotLookInside: There is something that cannot be read.
    """
    left = _MOST_OCTETS
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
    # A ZIP is found from its end: programs that unpack themselves stand before it.
    if octets.startswith(_ZIP) or zipfile.is_zipfile(io.BytesIO(octets)):
        yield from _zip_members(octets)
    elif octets.startswith(_GZIP):
        yield _gunzipped(octets)
    elif octets.startswith(_PNG):
        yield from _png_texts(octets)
    elif _PDF.match(octets):
        yield from _flate_streams(octets)
        yield from (_from_hexadecimal(found[1]) for found in _HEXADECIMAL.finditer(octets))
    elif len(octets) <= _BASE64_WITHIN:
        yield from (_from_base64(found[0]) for found in _BASE64.finditer(octets))


def _zip_members(octets: bytes) -> Iterator[bytes]:
    left = _MOST_OCTETS
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_MEMBERS:
                raise CannotLookInside
            yield archive.comment
            for entry in entries:
                yield entry.filename.encode("utf-8", "replace")
                with archive.open(entry) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise CannotLookInside
                yield content
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise CannotLookInside from error


def _gunzipped(octets: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(octets, _MOST_OCTETS)
    except zlib.error as error:
        raise CannotLookInside from error
    # RFC 1952 section 2.2: members may follow one another; only one is read here.
    if not unpacker.eof or unpacker.unused_data:
        raise CannotLookInside
    return content


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
        if kind not in {b"zTXt", b"iTXt"}:
            continue
        for start in (found.start() for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", chunk)):
            try:
                yield _inflated(chunk, start, _MOST_OCTETS)
            except zlib.error:
                continue


def _from_hexadecimal(digits: bytes) -> bytes:
    bare = b"".join(digits.split())
    return binascii.unhexlify(bare + b"0" * (len(bare) % 2))


def _from_base64(text: bytes) -> bytes:
    bare = b"".join(text.split())
    # A run that is no base64 at all, or lacks its end, is read as far as it goes.
    return binascii.a2b_base64(bare[: len(bare) // 4 * 4] + _last_of(bare))


def _last_of(bare: bytes) -> bytes:
    rest = bare[len(bare) // 4 * 4 :]
    return b"" if len(rest) < 2 else rest + b"=" * (4 - len(rest))  # noqa: PLR2004 - RFC 4648 section 4


def _flate_streams(octets: bytes) -> Iterator[bytes]:
    if b"/Encrypt" in octets:
        raise CannotLookInside
    left = _MOST_OCTETS
    for found in _FLATE.finditer(octets):
        try:
            content = _inflated(octets, found.end(), left + 1)
        except zlib.error:
            continue  # an image or a font in another packing; text and metadata are in Flate or plain
        left -= len(content)
        if left < 0:
            raise CannotLookInside
        yield content


def _inflated(octets: bytes, start: int, limit: int) -> bytes:
    """Inflate one stream piece by piece: what follows it in the file is not touched."""
    unpacker, content = zlib.decompressobj(), b""
    while not unpacker.eof and start < len(octets) and len(content) < limit:
        content += unpacker.decompress(octets[start : start + _PIECE], limit - len(content))
        start += _PIECE
    return content
