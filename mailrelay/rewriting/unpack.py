"""Look into compressed documents: ZIP containers (Office, OpenDocument) and Flate streams (PDF).

Their metadata name the author. What is encrypted or larger than the limits cannot be looked into, and
is reported as such.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

_MOST_OCTETS = 32 * 1024 * 1024  # of all members together: a small file can hold a large one many times
_MOST_MEMBERS = 2000
_PIECE = 64 * 1024
_FLATE = re.compile(rb"stream\r?\n")


class CannotLookInside(Exception):
    """The document is encrypted, broken or too large."""


def members(octets: bytes) -> Iterator[bytes]:
    """Yield names and contents of what is packed in a document; nothing where nothing is.

    Raises:
        CannotLookInside: There is something that cannot be read.
    """
    if octets[:4] == b"PK\x03\x04":
        yield from _zip_members(octets)
    elif octets[:5] == b"%PDF-":
        yield from _flate_streams(octets)


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
