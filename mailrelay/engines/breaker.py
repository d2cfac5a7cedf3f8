"""A circuit breaker: what fails again and again is left alone for a while, then tried by one.

Whoever asks is given a permit and says with it how it ended. What was begun before the breaker opened says
nothing about now, so its permit is of no use any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class BreakerState(IntEnum):
    """As the metric shows it."""

    CLOSED = 0  # asked by all
    HALF_OPEN = 1  # asked by one, to see whether it is well again
    OPEN = 2  # asked by nobody


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When it opens, and for how long.

    Attributes:
        failures: In a row.
        rest_s: Before one may try.
    """

    failures: int = 5
    rest_s: float = 10.0


class Breaker:
    """The breaker of one engine; starts closed.

    Args:
        limits: See there.
        monotonic: Seconds.
    """

    def __init__(self, limits: BreakerLimits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._failures = 0
        self._opened_at_s: float | None = None
        self._probing = False
        self._permit = 0

    @property
    def state(self) -> BreakerState:
        """What it would do now."""
        if self._opened_at_s is None:
            return BreakerState.CLOSED
        rested = self._monotonic() - self._opened_at_s >= self._limits.rest_s
        return BreakerState.HALF_OPEN if self._probing or rested else BreakerState.OPEN

    def admit(self) -> int | None:
        """Return a permit to ask, None where nobody may; it is settled or withdrawn by who got it."""
        state = self.state
        if state is BreakerState.OPEN or self._probing:
            return None
        self._probing = state is BreakerState.HALF_OPEN
        return self._permit

    def settle(self, permit: int, *, answered: bool) -> None:
        """Say whether the engine answered."""
        if permit != self._permit:
            return
        self._failures = 0 if answered else self._failures + 1
        if answered:
            self._opened_at_s = None
        elif self._probing or self._failures >= self._limits.failures:
            self._opened_at_s = self._monotonic()
            self._permit += 1
        self._probing = False

    def withdraw(self, permit: int) -> None:
        """Say that nobody waited for the end."""
        if permit == self._permit:
            self._probing = False
