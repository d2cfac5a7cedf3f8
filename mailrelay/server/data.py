"""Messages as they come in: the end of DATA (RFC 5321 section 4.1.1.4), chunks of BDAT (RFC 3030), limits.

Every octet is looked at a fixed number of times, by functions that run at the speed of memory, in whatever
pieces it comes. Only CRLF.CRLF ends DATA. A message that holds a bare CR or LF, or a NUL, is refused as a
whole: what one server takes for a line end, another must not take for more (CVE-2023-51764 and its kin).
"""

from typing import Protocol

from mailrelay.checks.verdict import MALFORMED, Reply
from mailrelay.server.limits import Memory
from mailrelay.server.replies import NO_MEMORY, TOO_LARGE

_END = b"\r\n.\r\n"
_FINAL_DOT = b".\r\n"
_LONGEST_TAIL = len(_END) - 1
# RFC 5321 section 4.5.3.1.6 says 1,000, and honest mail passes it by far. Here only memory is guarded; what
# is too long for a message is for the checks to say. The longest header of 2,400 real messages had 28 KiB.
_MAX_LINE_OCTETS = 100_000  # with its CR, without its LF
_MAX_HEADER_OCTETS = 256 * 1024
_MAX_FIELDS = 4_000  # each costs the parser more than its octets do, and everybody waits for it


class Spool:
    """A message in memory while it comes in.

    What is refused anyway is not kept, so a client that sends more of it occupies nothing.

    Args:
        size_octets: Most that is taken.
        memory: What all messages share.
    """

    def __init__(self, size_octets: int, memory: Memory) -> None:
        self.size = 0
        self._most_octets = size_octets + len(_FINAL_DOT)
        self._memory = memory
        # Not a list of packets: a hostile client's have an octet each.
        self._content = bytearray()
        self._reserved = 0
        self._malformed = self._starved = self._header_ends = False
        self._returns = self._feeds = self._pairs = self._open_line = 0
        self._after_return = False

    def add(self, data: bytes) -> None:
        """Take the next octets of the message."""
        if not data:
            return
        self.size += len(data)
        if self.refused:
            self.drop()
            return
        if not self._memory.take(len(data)):
            self._starved = True
            self.drop()
            return
        self._reserved += len(data)
        self._content += data
        self._count_line_ends(data)
        self._malformed = b"\0" in data or self._line_too_long(data) or self._header_too_large()

    def drop(self) -> None:
        """Forget the octets; they were answered for, or never will be."""
        self._content.clear()
        self._memory.give(self._reserved)
        self._reserved = 0

    @property
    def refused(self) -> bool:
        """Whether it is clear already that there will be no message."""
        return self.size > self._most_octets or self._malformed or self._starved

    def message(self, *, stuffed: bool) -> bytes | Reply:
        """Return the finished message, or the refusal.

        Args:
            stuffed: Whether it came by DATA: with its final dot, and each line that begins with a dot
                having one dot more (RFC 5321 section 4.5.2).
        """
        if self.size > self._most_octets:
            return TOO_LARGE
        if self._starved:
            return NO_MEMORY
        if self._malformed or not self._returns == self._feeds == self._pairs:
            return MALFORMED
        if _has_long_line(self._content) or _has_many_fields(self._content):
            return MALFORMED
        if stuffed:
            del self._content[-len(_FINAL_DOT) :]
            whole = bytes(self._content).replace(b"\r\n.", b"\r\n")
            return whole[1:] if whole.startswith(b".") else whole
        whole = bytes(self._content)
        # DATA will carry it on, where the last line ends like the others.
        return whole if whole.endswith(b"\r\n") else whole + b"\r\n"

    def _count_line_ends(self, data: bytes) -> None:
        self._returns += data.count(b"\r")
        self._feeds += data.count(b"\n")
        self._pairs += data.count(b"\r\n") + (self._after_return and data.startswith(b"\n"))
        self._after_return = data.endswith(b"\r")

    def _line_too_long(self, data: bytes) -> bool:
        """Look at the line that was open before and the one left open; `message` looks at the others."""
        first = data.find(b"\n")
        if first < 0:
            self._open_line += len(data)
            return self._open_line > _MAX_LINE_OCTETS
        longest = self._open_line + first
        self._open_line = len(data) - 1 - data.rfind(b"\n")
        return max(longest, self._open_line) > _MAX_LINE_OCTETS

    def _header_too_large(self) -> bool:
        if self._header_ends or self.size <= _MAX_HEADER_OCTETS:
            return False
        ends_at = self._content.find(b"\r\n\r\n", 0, _MAX_HEADER_OCTETS)
        self._header_ends = ends_at >= 0 or self._content.startswith(b"\r\n")
        return not self._header_ends


def _has_long_line(message: bytearray) -> bool:
    start = 0
    while len(message) - start > _MAX_LINE_OCTETS:
        # The last line end within the limit is enough: everything before it is short.
        end = message.rfind(b"\n", start, start + _MAX_LINE_OCTETS + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _has_many_fields(message: bytearray) -> bool:
    end = message.find(b"\r\n\r\n", 0, _MAX_HEADER_OCTETS)
    end = _MAX_HEADER_OCTETS if end < 0 else end + 2
    lines = message.count(b"\n", 0, end)
    # Seldom is it necessary to tell fields from their continuations.
    return lines > _MAX_FIELDS < lines - message.count(b"\n ", 0, end) - message.count(b"\n\t", 0, end)


class Reader(Protocol):
    """Takes octets from the wire until it has what it waits for."""

    def feed(self, data: bytes) -> bytes | None:
        """Take octets; return None to get more, else those that belong to what follows."""


class DotReader:
    """Reads a message up to its final dot.

    The line of the DATA command ended in CRLF; so a dot on the first line ends an empty message.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._tail = b"\r\n"

    def feed(self, data: bytes) -> bytes | None:
        """See `Reader`."""
        seam = self._tail + data[:_LONGEST_TAIL]
        found = seam.find(_END)
        if found >= 0:
            found -= len(self._tail)
        else:
            found = data.find(_END)
            if found < 0:
                self._spool.add(data)
                self._tail = (data if len(data) >= _LONGEST_TAIL else seam)[-_LONGEST_TAIL:]
                return None
        end = found + len(_END)
        self._spool.add(data[:end])
        return data[end:]


class ChunkReader:
    """Reads so many octets, whatever they are."""

    def __init__(self, octets: int, spool: Spool | None) -> None:
        self._left = octets
        self._spool = spool

    def feed(self, data: bytes) -> bytes | None:
        """See `Reader`. Without a spool the octets are thrown away."""
        mine = data[: self._left]
        self._left -= len(mine)
        if self._spool is not None:
            self._spool.add(mine)
        return data[len(mine) :] if not self._left else None
