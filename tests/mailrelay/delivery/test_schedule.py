"""When messages are tried again, and which destinations rest."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.delivery.destinations import DestinationResting, Destinations
from mailrelay.delivery.schedule import RETRY_AFTER, Schedule


class Monotonic:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 1), min_size=40, max_size=40))
def test_waits_grow_vary_by_a_fifth_and_end_after_five_days(chances: list[float]) -> None:
    schedule, age, waits = Schedule(), timedelta(0), []
    for chance in chances:
        wait = schedule.wait_at(age, lambda chance=chance: chance)  # type: ignore[misc]
        if wait is None:
            break
        assert any(one * 0.8 <= wait <= one * 1.2 for one in RETRY_AFTER)
        waits.append(wait)
        age += wait

    assert schedule.lifetime <= age <= schedule.lifetime + timedelta(hours=9.6)
    assert timedelta(days=4.9) < schedule.lifetime < timedelta(days=5.1)


def test_without_spread_the_waits_are_those_of_the_table() -> None:
    schedule, age, waits = Schedule(), timedelta(0), []
    while (wait := schedule.wait_at(age, lambda: 0.5)) is not None:
        waits.append(wait)
        age += wait
    assert tuple(waits) == RETRY_AFTER


def test_no_waits_mean_a_single_attempt() -> None:
    assert Schedule(()).wait_at(timedelta(0), lambda: 0.5) is None


def test_a_destination_rests_longer_each_time_and_one_message_sees_whether_it_is_back() -> None:
    clock = Monotonic()
    destinations = Destinations(clock, (10.0, 40.0), failures=3)
    for _ in range(2):
        destinations.failed("home.example")
    destinations.admit("home.example")
    for _ in range(5):
        destinations.failed("home.example")

    with pytest.raises(DestinationResting) as resting:
        destinations.admit("home.example")
    assert resting.value.rest_s == 10.0
    destinations.admit("other.example")

    clock.now += 10
    destinations.admit("home.example")
    with pytest.raises(DestinationResting):
        destinations.admit("home.example")
    destinations.failed("home.example")
    with pytest.raises(DestinationResting) as resting:
        destinations.admit("home.example")
    assert resting.value.rest_s == 40.0

    clock.now += 40
    destinations.admit("home.example")
    destinations.reached("home.example")
    for _ in range(3):
        destinations.admit("home.example")


def test_failures_by_chance_let_nothing_rest() -> None:
    destinations = Destinations(Monotonic(), failures=3)
    for _ in range(20):
        destinations.failed("home.example")
        destinations.failed("home.example")
        destinations.admit("home.example")
        destinations.reached("home.example")
