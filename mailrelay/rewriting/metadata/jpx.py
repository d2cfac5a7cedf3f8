"""Clean JPEG 2000 (ISO/IEC 15444-1): boxes beside the picture and comments in its main header go."""

import struct
from collections.abc import Iterator

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.pictures import looked_at

BOXES, CODESTREAM = b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"
_KEPT = frozenset((b"jP  ", b"ftyp", b"jp2h", b"jp2c"))
_COMMENT, _TILE_PART = b"\xff\x64", b"\xff\x90"
_MOST_BOXES = 1000


def cleaned_jpx(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Return the picture alone."""
    result = bare_jpx(content)
    looked_at(content, result, "JPEG2000")
    whole = result.startswith(BOXES)
    return Cleaned(result, "image/jp2" if whole else "image/j2c", ".jp2" if whole else ".j2c")


def bare_jpx(content: bytes) -> bytes:
    """Return the octets of the picture alone.

    Raises:
        CannotClean: Boxes or segments cannot be followed.
    """
    if content.startswith(CODESTREAM):
        return _bare_codestream(content)
    return b"".join(_box(kind, payload) for kind, payload in _boxes(content) if kind in _KEPT)


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    for _ in range(_MOST_BOXES):
        if position + 8 > len(content):
            return
        size, kind = struct.unpack_from(">I4s", content, position)
        start = position + 8
        if size == 1:
            size, start = int.from_bytes(content[start : start + 8], "big"), start + 8
        end = position + size if size else len(content)
        if not start <= end <= len(content):
            raise CannotClean("broken-picture")
        yield kind, content[start:end]
        position = end
    raise CannotClean("too-large")


def _box(kind: bytes, payload: bytes) -> bytes:
    if kind == b"jp2c":
        payload = _bare_codestream(payload)
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def _bare_codestream(content: bytes) -> bytes:
    kept, position = [content[:2]], 2
    while not content.startswith(_TILE_PART, position):
        end = position + 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        if end <= position + 3 or end > len(content):
            raise CannotClean("broken-picture")
        if not content.startswith(_COMMENT, position):
            kept.append(content[position:end])
        position = end
    return b"".join(kept) + content[position:]
