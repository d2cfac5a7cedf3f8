"""Clean a WebP by leaving out chunks (RFC 9649): Exif but for the orientation, XMP, unknown chunks."""

from collections.abc import Iterator

from mailrelay.rewriting.metadata.exif import orientation_alone
from mailrelay.rewriting.metadata.icc import colorimetry
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.pictures import looked_at

_PICTURE = frozenset((b"VP8 ", b"VP8L", b"ANIM", b"ALPH"))
_ANIMATION_FRAME_OCTETS = 16  # before the chunks of one frame (section 2.7.1.1)
_FLAG_ICC, _FLAG_EXIF, _FLAG_XMP = 0x20, 0x08, 0x04
_MOST_CHUNKS = 20_000


def cleaned_webp(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Return the picture alone."""
    size = int.from_bytes(content[4:8], "little")
    chunks = [kept for kind, payload in _chunks(content[12 : 8 + size]) if (kept := _kept(kind, payload))]
    body = b"".join(_chunk(kind, payload) for kind, payload in _told_in_the_header(chunks))
    result = b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body
    looked_at(content, result, "WEBP")
    return Cleaned(result, "image/webp", ".webp")


def _chunks(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    for _ in range(_MOST_CHUNKS):
        if position + 8 > len(octets):
            return
        kind, size = (
            octets[position : position + 4],
            int.from_bytes(octets[position + 4 : position + 8], "little"),
        )
        payload = octets[position + 8 : position + 8 + size]
        if len(payload) != size:
            raise CannotClean("broken-picture")
        yield kind, payload
        position += 8 + size + size % 2
    raise CannotClean("too-large")


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "little") + payload + b"\0" * (len(payload) % 2)


def _kept(kind: bytes, payload: bytes) -> tuple[bytes, bytes] | None:
    if kind in _PICTURE:
        return kind, payload
    if kind == b"VP8X":
        return kind, payload[:10]
    if kind == b"ANMF":
        frame = payload[_ANIMATION_FRAME_OCTETS:]
        inner = b"".join(_chunk(name, data) for name, data in _chunks(frame) if name in _PICTURE)
        return kind, payload[:_ANIMATION_FRAME_OCTETS] + inner
    if kind == b"EXIF":
        turned = orientation_alone(payload.removeprefix(b"Exif\0\0"))
        return (kind, turned) if turned else None
    if kind == b"ICCP":
        profile = colorimetry(payload)
        return (kind, profile) if profile else None
    return None


def _told_in_the_header(chunks: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Make the flags of the extended header (section 2.7) say what is still there."""
    if not chunks or chunks[0][0] != b"VP8X" or not chunks[0][1]:
        return chunks
    kinds = {kind for kind, _ in chunks}
    flags = chunks[0][1][0] & ~(_FLAG_ICC | _FLAG_EXIF | _FLAG_XMP)
    flags |= (b"ICCP" in kinds) * _FLAG_ICC | (b"EXIF" in kinds) * _FLAG_EXIF
    return [(b"VP8X", bytes((flags,)) + chunks[0][1][1:]), *chunks[1:]]
