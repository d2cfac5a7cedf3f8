"""No minute has more requests than the registry allows, and no request waits without need."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.epp.pace import Pace
from registries.errors import RegistryUnavailable


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(2, 2000), st.lists(st.floats(0, 30), max_size=200))
def test_no_minute_has_more_requests_than_allowed(per_minute: int, pauses: list[float]) -> None:
    clock = Clock()
    pace = Pace(per_minute, clock)
    made = []
    for pause in [*pauses, *[0.0] * per_minute]:
        clock.now += pause
        made.append(clock.now + pace.reserve(math.inf))
    assert made == sorted(made)
    # Arithmetic on floats may shift a moment by less than a thousandth.
    assert all(later - first > 60 - 1e-3 for first, later in zip(made, made[per_minute:], strict=False))


def test_the_first_requests_wait_for_nothing_and_the_rest_are_spread() -> None:
    clock = Clock()
    pace = Pace(100, clock)
    waits = [pace.reserve(math.inf) for _ in range(12)]
    assert waits[:10] == [0.0] * 10
    assert waits[10:] == pytest.approx([60 / 90, 120 / 90])


def test_a_turn_that_comes_too_late_is_not_taken() -> None:
    clock = Clock()
    pace = Pace(10, clock)
    pace.reserve(0)
    for _ in range(3):
        with pytest.raises(RegistryUnavailable, match="minute"):
            pace.reserve(5)
    assert pace.reserve(math.inf) == pytest.approx(60 / 9)


def test_processes_that_share_an_account_share_its_requests() -> None:
    """Each has the part of its sessions; a greater part brings no new burst at once."""
    clock = Clock()
    pace = Pace(200, clock)
    pace.share(1 / 4)
    for _ in range(5):
        assert pace.reserve(0) == 0
    pace.share(1)
    assert pace.reserve(math.inf) == pytest.approx(60 / 180)
