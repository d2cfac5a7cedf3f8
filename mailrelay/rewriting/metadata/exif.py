"""Read the orientation out of Exif data, and write Exif that holds nothing else (CIPA DC-008, TIFF 6.0)."""

import struct

_ORIENTATION = 0x0112
_SHORT = 3
_ENTRY_OCTETS = 12
_MOST_ENTRIES = 200
_UPRIGHT = 1
_ORIENTATIONS = range(2, 9)


def orientation_alone(exif: bytes) -> bytes | None:
    """Return Exif data (from the TIFF header on) with the orientation alone; None where it is upright."""
    turned = _orientation(exif)
    if turned not in _ORIENTATIONS:
        return None
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, turned, 0, 0)


def _orientation(exif: bytes) -> int:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return _UPRIGHT
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, directory)
        for number in range(min(count, _MOST_ENTRIES)):
            tag, kind, _, value = struct.unpack_from(
                order + "HHIH", exif, directory + 2 + number * _ENTRY_OCTETS
            )
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value)
    except struct.error:
        return _UPRIGHT
    return _UPRIGHT
