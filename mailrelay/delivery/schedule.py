"""When a deferred message is tried again (RFC 5321 section 4.5.4.1)."""

from collections.abc import Callable
from datetime import timedelta

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


def delay_after(
    attempts: int, chance: Callable[[], float], schedule: tuple[timedelta, ...] = RETRY_AFTER
) -> timedelta | None:
    """Return how long to wait after the given number of attempts, or None to give up.

    `chance` gives 0 to 1; the wait varies by a fifth either way, so that what failed together is not
    tried again together.
    """
    if attempts > len(schedule):
        return None
    return schedule[attempts - 1] * (0.8 + 0.4 * chance())
