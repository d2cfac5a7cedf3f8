"""Clean a JPEG by leaving out segments: the coded picture stays octet for octet (ITU-T T.81 annex B).

Exif, XMP, IPTC, comments, thumbnails, makers' notes and whatever follows the picture go. The orientation
stays, because the picture would lie on its side, and so do the colours.
"""

import re
from collections.abc import Iterator

from mailrelay.rewriting.metadata.exif import orientation_alone
from mailrelay.rewriting.metadata.icc import colorimetry
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.pictures import looked_at

_SOI, _EOI, _SOS = b"\xff\xd8", 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
# Tables, frames and scans: all that the decoder needs. JPG (C8) and DHP, EXP (DE, DF) are not met.
_PICTURE = frozenset((*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD))
# In coded data a marker is FF that neither zero nor a restart follows (B.1.1.5).
_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_ICC_PIECE = 65519  # octets of a profile in one segment (ICC.1:2022 annex B.4)
_MOST_ICC_PIECES = 255


def cleaned_jpeg(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Return the picture alone."""
    result = bare_jpeg(content)
    looked_at(content, result, "JPEG")
    return Cleaned(result, "image/jpeg", ".jpg")


def bare_jpeg(content: bytes) -> bytes:
    """Return the octets of the picture alone.

    Raises:
        CannotClean: The segments cannot be followed to the end of the picture.
    """
    head, picture, profile = [], [], []
    for marker, payload, scan in _segments(content):
        if marker in _PICTURE:
            picture.append(_segment(marker, payload) + scan)
        elif marker == _APP2 and payload.startswith(_ICC):
            profile.append(payload[len(_ICC) :])
        elif kept := _application(marker, payload):
            head.append(_segment(marker, kept))
    return _SOI + b"".join(head + _profile(profile) + picture) + bytes((0xFF, _EOI))


def _segments(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker, payload and, of scans, the coded data."""
    position = len(_SOI)
    while True:
        found = _AFTER_SCAN.search(content, position)
        if found is None:
            raise CannotClean("broken-picture")
        marker, start = found[0][-1], found.end()
        if marker == _EOI:
            return
        end = start + int.from_bytes(content[start : start + 2], "big")
        if end < start + 2 or end > len(content):
            raise CannotClean("broken-picture")
        position = end
        if marker == _SOS:
            following = _AFTER_SCAN.search(content, end)
            position = following.start() if following else len(content)
        yield marker, content[start + 2 : end], content[end:position]


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _application(marker: int, payload: bytes) -> bytes | None:
    if marker == _APP0 and payload.startswith(_JFIF):
        return payload[:12].ljust(12, b"\0") + b"\0\0"  # without its thumbnail
    if marker == _APP14 and payload.startswith(_ADOBE):
        return payload[:12]  # how colours were transformed
    if marker == _APP1 and payload.startswith(_EXIF):
        turned = orientation_alone(payload[len(_EXIF) :])
        return _EXIF + turned if turned else None
    return None


def _profile(pieces: list[bytes]) -> list[bytes]:
    """Return the segments of the profile, whose pieces begin with their number and count."""
    numbered = sorted((piece for piece in pieces if len(piece) > 1), key=lambda piece: piece[0])
    profile = colorimetry(b"".join(piece[2:] for piece in numbered)) or b""
    parts = [profile[start : start + _ICC_PIECE] for start in range(0, len(profile), _ICC_PIECE)]
    if len(parts) > _MOST_ICC_PIECES:
        return []
    return [
        _segment(_APP2, _ICC + bytes((number, len(parts))) + part) for number, part in enumerate(parts, 1)
    ]
