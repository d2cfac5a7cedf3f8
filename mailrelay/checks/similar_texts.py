"""What was written to whom lately: sketches of texts, the memory of them, and who else is told."""

import os
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b

from mailrelay.checks.rates import Clock
from mailrelay.content.reading import Content
from mailrelay.content.seen import SeenMarks, minute_of
from mailrelay.content.similarity import Sketch, Sketcher

WINDOW = timedelta(hours=48)
_OWN_MEMORY_OCTETS = 2**20

Tell = Callable[[tuple[int, ...], int, int], None]
"""Takes marks, the hash of a recipient, and the minute in which he was sent them."""


def _tell_nobody(_marks: tuple[int, ...], _recipient: int, _minute: int) -> None:
    """There is nobody to tell."""


class SimilarTexts:
    """Texts of the window, for all processes that share key and memory.

    Args:
        key: At least 32 secret octets, the same wherever texts are compared.
        memory: See `SeenMarks`.
        clock: Aware UTC.
        window: How long a text is remembered.
        share: Told what is remembered here.
    """

    def __init__(
        self,
        key: bytes,
        memory: memoryview,
        clock: Clock,
        window: timedelta = WINDOW,
        share: Tell = _tell_nobody,
    ) -> None:
        self._key = blake2b(key, person=b"recipients").digest()
        self._sketcher = Sketcher(key)
        self._seen = SeenMarks(memory, window)
        self._clock = clock
        self._share = share

    @classmethod
    def of_this_process(cls, clock: Clock) -> "SimilarTexts":
        """Return a small memory that nobody shares and that ends with the process."""
        return cls(os.urandom(32), memoryview(bytearray(_OWN_MEMORY_OCTETS)), clock)

    def sketch(self, content: Content) -> Sketch:
        """Return what is compared of a message."""
        return self._sketcher.sketch(content)

    def others(self, sketch: Sketch, recipient: str) -> int:
        """Return how many recipients besides this one were sent near-copies within the window."""
        return self._seen.others(sketch, self._hash(recipient), self._clock())

    def add(self, sketch: Sketch, recipient: str) -> None:
        """Remember that a recipient was sent a message."""
        marks = tuple(mark for mark, _ in sketch.marks)
        told = marks, self._hash(recipient), minute_of(self._clock())
        self.hear(*told)
        self._share(*told)

    def hear(self, marks: tuple[int, ...], recipient: int, minute: int) -> None:
        """Remember what somebody with the same key has told."""
        self._seen.add(marks, recipient, minute)

    def _hash(self, recipient: str) -> int:
        octets = recipient.encode("utf-8", "surrogateescape")
        return int.from_bytes(blake2b(octets, digest_size=8, key=self._key).digest(), "little")
