"""Clean a PNG or an animated one by leaving out chunks (W3C PNG third edition, section 11).

Texts, times, Exif but for the orientation, names of palettes, private chunks and whatever follows the
picture go; pixels and colours stay octet for octet.
"""

import zlib
from collections.abc import Iterator

from mailrelay.rewriting.metadata.exif import orientation_alone
from mailrelay.rewriting.metadata.icc import colorimetry
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.pictures import looked_at

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)
_MOST_PROFILE = 4 * 1024 * 1024
_FRAME_OCTETS = 12  # length, type and check sum around each chunk
_MOST_CHUNKS = 100_000


def cleaned_png(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Return the picture alone."""
    result = SIGNATURE + b"".join(_kept(kind, octets) for kind, octets in _chunks(content))
    looked_at(content, result, "PNG")
    return Cleaned(result, "image/png", ".png")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type of each chunk and the chunk as it stands, to the end of the picture."""
    position = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        end = position + _FRAME_OCTETS + int.from_bytes(content[position : position + 4], "big")
        if end > len(content):
            raise CannotClean("broken-picture")
        kind = content[position + 4 : position + 8]
        yield kind, content[position:end]
        if kind == b"IEND":
            return
        position = end
    raise CannotClean("too-large")


def _kept(kind: bytes, octets: bytes) -> bytes:
    if kind in _KEPT:
        return octets
    if kind == b"eXIf":
        turned = orientation_alone(octets[8:-4])
        return _chunk(kind, turned) if turned else b""
    if kind == b"iCCP":
        profile = _profile(octets[8:-4])
        return _chunk(kind, b"RGB\0\0" + zlib.compress(profile)) if profile else b""
    return b""


def _profile(payload: bytes) -> bytes | None:
    _, _, packed = payload.partition(b"\0")
    try:
        return colorimetry(zlib.decompressobj().decompress(packed[1:], _MOST_PROFILE))
    except zlib.error:
        return None


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + kind + payload + zlib.crc32(kind + payload).to_bytes(4, "big")
