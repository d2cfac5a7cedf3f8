"""When a deferred message is tried again, and when its sender is told that it is late (RFC 5321 4.5.4.1)."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate

# Quick at first, for greylisting; then for about five days, as the RFC advises.
RETRY_AFTER: tuple[timedelta, ...] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    *(timedelta(hours=8),) * 14,
)
TOLD_AFTER = timedelta(hours=4)
"""Age at which a delay is reported to those who asked (RFC 3461 section 4.1)."""


class Schedule:
    """Waits between attempts, one after the other; with the last the message is given up.

    The next wait follows from the age of a message, not from the number of its attempts: one that rested
    with its destination was never tried.
    """

    def __init__(self, waits: tuple[timedelta, ...] = RETRY_AFTER) -> None:
        self._waits = waits
        self._ends = tuple(accumulate(waits))

    @property
    def lifetime(self) -> timedelta:
        """How long a message is tried."""
        return self._ends[-1] if self._ends else timedelta(0)

    def wait_at(self, age: timedelta, chance: Callable[[], float]) -> timedelta | None:
        """Return how long a message of some age waits, or None to give it up.

        `chance` gives 0 to 1; the wait varies by a fifth either way, so that what failed together is not
        tried again together.
        """
        place = bisect_right(self._ends, age)
        if place >= len(self._waits):
            return None
        return self._waits[place] * (0.8 + 0.4 * chance())
