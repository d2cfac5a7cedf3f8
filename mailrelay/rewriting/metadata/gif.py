"""Clean a GIF by leaving out extensions (GIF89a specification): comments, texts, applications' own data.

Pictures, their timing and the count of an animation's loops stay octet for octet.
"""

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.pictures import looked_at

_SCREEN_OCTETS = 13  # signature and logical screen descriptor
_IMAGE_OCTETS = 10
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOP = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_APPLICATION_OCTETS = 14  # introducer, label, size, name
_CONTROL_OCTETS = 8
_LOOP_OCTETS = 5  # size, one, count, end


def cleaned_gif(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Return the picture alone."""
    result = _bare(content)
    looked_at(content, result, "GIF")
    return Cleaned(result, "image/gif", ".gif")


def _bare(content: bytes) -> bytes:
    position = _after_colours(content, _SCREEN_OCTETS)
    kept = [content[:position]]
    while content[position : position + 1] not in {b"", bytes((_TRAILER,))}:
        end = _end_of_block(content, position)
        kept.append(_kept(content[position:end]))
        position = end
    # Some programs leave out the trailer; readers do not mind.
    return b"".join(kept) + bytes((_TRAILER,))


def _after_colours(content: bytes, position: int) -> int:
    """Return where the colour table ends that the last octet of a descriptor tells of, or its own end."""
    flags = content[position - 3 if position == _SCREEN_OCTETS else position - 1 : position][:1]
    if not flags:
        raise CannotClean("broken-picture")
    return position + (3 * 2 ** ((flags[0] & 7) + 1) if flags[0] & 0x80 else 0)


def _end_of_block(content: bytes, position: int) -> int:
    if content[position] == _EXTENSION:
        return _after_data(content, position + 2)
    if content[position] == _IMAGE:
        # One octet, the size of codes, stands before the data.
        return _after_data(content, _after_colours(content, position + _IMAGE_OCTETS) + 1)
    raise CannotClean("broken-picture")


def _after_data(content: bytes, position: int) -> int:
    while position < len(content) and content[position]:
        position += 1 + content[position]
    if position >= len(content):
        raise CannotClean("broken-picture")
    return position + 1


def _kept(block: bytes) -> bytes:
    if block[0] == _IMAGE:
        return block
    if block[1] == _CONTROL:
        return block[: _CONTROL_OCTETS - 1] + b"\0"
    if block[1] == _APPLICATION and block[3:_APPLICATION_OCTETS] in _LOOP:
        loop = block[_APPLICATION_OCTETS : _APPLICATION_OCTETS + _LOOP_OCTETS]
        return block[:_APPLICATION_OCTETS] + loop if loop[:2] == b"\x03\x01" and loop[-1:] == b"\0" else b""
    return b""
