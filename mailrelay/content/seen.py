"""Remember which recipients were sent which marks, in memory of a fixed size that processes share.

The memory is a table of 64-bit cells in buckets of eight, as a processor's cache is: a mark has its bucket,
and what is new there takes the place of what was seen longest ago. A cell holds when (24 bits, in minutes),
a part of the mark (16 bits) and a keyed hash of the recipient (24 bits): neither text nor recipient can be
read from it.

A cell is written at once, so processes need no lock, and one that is killed leaves nothing half done: the
worst is that of two who write into one bucket at the same moment only one is remembered. Two recipients
that have the same hash count as one.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from mailrelay.content.similarity import Sketch

_WAYS = 8
_CELL_OCTETS = 8
_BUCKET_OCTETS = _WAYS * _CELL_OCTETS
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)  # with 24 bits of minutes this lasts until 2051
_MINUTE = timedelta(minutes=1)
_TIME_SHIFT = 40
_RECIPIENT_MASK = 2**24 - 1
_TIMELESS_MASK = 2**_TIME_SHIFT - 1
_MARK_MASK = _TIMELESS_MASK & ~_RECIPIENT_MASK


class SeenMarks:
    """Marks of the window and who was sent them.

    Args:
        memory: Writable, of zeros or used before; its first 64 octets are left alone.
        window: How long a mark is remembered.
    """

    def __init__(self, memory: memoryview, window: timedelta) -> None:
        whole = len(memory) - len(memory) % _BUCKET_OCTETS
        self._cells = memory[_BUCKET_OCTETS:whole].cast("Q")
        self._buckets = len(self._cells) // _WAYS
        self._window = window // _MINUTE

    def others(self, sketch: Sketch, recipient: int, now: datetime) -> int:
        """Return how many other recipients were sent near-copies within the window."""
        oldest = (minute_of(now) - self._window) << _TIME_SHIFT
        weights: dict[int, int] = {}
        for mark, weight in sketch.marks:
            part = mark & _MARK_MASK
            for cell in self._bucket(mark).tolist():
                if cell & _MARK_MASK == part and cell >= oldest:
                    who = cell & _RECIPIENT_MASK
                    weights[who] = weights.get(who, 0) + weight
        weights.pop(recipient & _RECIPIENT_MASK, None)
        return sum(weight >= sketch.needed for weight in weights.values())

    def add(self, marks: Iterable[int], recipient: int, minute: int) -> None:
        """Remember that a recipient was sent marks in that `minute_of` the clock."""
        who, now = recipient & _RECIPIENT_MASK, minute << _TIME_SHIFT
        for mark in marks:
            bucket = self._bucket(mark)
            cells = bucket.tolist()
            new = mark & _MARK_MASK | who
            known = [cell & _TIMELESS_MASK for cell in cells]
            way = known.index(new) if new in known else cells.index(min(cells))
            # What another machine tells late may be older than all that stands here.
            if cells[way] < now | new:
                bucket[way] = now | new

    def _bucket(self, mark: int) -> memoryview:
        at = mark % self._buckets * _WAYS
        return self._cells[at : at + _WAYS]


def minute_of(now: datetime) -> int:
    """Return the minutes since the epoch of this memory."""
    return (now - _EPOCH) // _MINUTE
