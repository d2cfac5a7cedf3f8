"""Reduce an ICC profile to its colorimetry (ICC.1:2022 section 7).

A profile carries free text: makers, the name of the monitor and of whoever calibrated it, and
private tags. Only tags of numbers that a reader needs are kept, under a neutral description.
"""

import struct

_HEADER_OCTETS = 128
_ENTRY_OCTETS = 12
_MOST_TAGS = 100
_MOST_OCTETS = 4 * 1024 * 1024
_KEPT = frozenset(
    b"rXYZ gXYZ bXYZ wtpt chad rTRC gTRC bTRC kTRC bkpt A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 gamt cicp".split()
)
# Section 10: types that hold numbers alone.
_NUMBERS = frozenset((b"XYZ ", b"curv", b"para", b"sf32", b"mft1", b"mft2", b"mAB ", b"mBA ", b"cicp"))


def colorimetry(profile: bytes) -> bytes | None:
    """Return the profile without texts, or None where it is no readable profile."""
    if not _HEADER_OCTETS + 4 <= len(profile) <= _MOST_OCTETS or profile[36:40] != b"acsp":
        return None
    tags = {signature: data for signature, data in _tags(profile) if signature in _KEPT}
    if not tags:
        return None
    older = profile[8] < 4  # noqa: PLR2004 - version 4 writes its texts in another type
    return _assembled(profile, {b"desc": _text(older), b"cprt": _copyright(older), **tags})


def _tags(profile: bytes) -> list[tuple[bytes, bytes]]:
    count = min(int.from_bytes(profile[128:132], "big"), _MOST_TAGS)
    found = []
    for position in range(132, min(132 + count * _ENTRY_OCTETS, len(profile) - 11), _ENTRY_OCTETS):
        signature, offset, size = struct.unpack_from(">4sII", profile, position)
        data = profile[offset : offset + size]
        if len(data) == size and data[:4] in _NUMBERS:
            found.append((signature, data))
    return found


def _assembled(profile: bytes, tags: dict[bytes, bytes]) -> bytes:
    position = _HEADER_OCTETS + 4 + _ENTRY_OCTETS * len(tags)
    table, body, places = b"", b"", {}
    for signature, data in tags.items():
        if data not in places:
            places[data] = position + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", signature, places[data], len(data))
    header = bytearray(profile[:_HEADER_OCTETS])
    header[0:4] = struct.pack(">I", position + len(body))
    # Section 7.2: the module, the day, the platform, the device, its maker, the creator and the hash.
    for start, end in ((4, 8), (24, 36), (40, 44), (48, 64), (80, _HEADER_OCTETS)):
        header[start:end] = bytes(end - start)
    header[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(header) + struct.pack(">I", len(tags)) + table + body


def _text(older: bool) -> bytes:  # noqa: FBT001 - one question with two answers
    if older:
        return b"desc" + bytes(4) + struct.pack(">I", 4) + b"RGB\0" + bytes(8 + 3 + 67)
    return _copyright(older)


def _copyright(older: bool) -> bytes:  # noqa: FBT001 - one question with two answers
    if older:
        return b"text" + bytes(4) + b"none\0"
    word = "none".encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(word), 28) + word
