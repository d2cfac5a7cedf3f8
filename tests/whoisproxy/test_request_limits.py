"""Rate limits count networks, refill evenly and stay small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy import request_limits as limits
from whoisproxy.request_limits import PrefixLimits, prefix


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.200", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:0:ff00::1", "2001:db8:0:ffff:9::2", True),
        ("2001:db8:0:ff00::1", "2001:db8:0:fe00::1", False),
        ("::ffff:192.0.2.7", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_addresses_of_a_customer_share_a_bucket(address: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column
    assert (prefix(address) == prefix(other)) is same


@given(st.text())
def test_what_is_no_address_shares_one_bucket(text: str) -> None:
    assert isinstance(prefix(text), str)


def test_a_minutes_worth_passes_at_once_and_then_one_by_one() -> None:
    clock = Clock()
    buckets = PrefixLimits(60, clock)
    assert [buckets.take("a") for _ in range(61)] == [0] * 60 + [1]
    assert buckets.take("b") == 0
    clock.now += 1
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]


def test_the_wait_that_is_named_is_long_enough() -> None:
    clock = Clock()
    buckets = PrefixLimits(1, clock)
    buckets.take("a")
    wait_s = buckets.take("a")
    assert wait_s == 60
    clock.now += wait_s
    assert buckets.take("a") == 0


def test_who_looks_takes_nothing() -> None:
    clock = Clock()
    buckets = PrefixLimits(2, clock)
    assert [buckets.wait_s("a") for _ in range(5)] == [0] * 5
    buckets.take("a")
    buckets.take("a")
    assert buckets.wait_s("a") == 30
    assert buckets.take("a") == 30
    clock.now += 30
    assert buckets.wait_s("a") == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAX_PREFIXES", 3)
    buckets = PrefixLimits(1, Clock())
    for network in "abcd":
        buckets.take(network)
    assert list(buckets._buckets) == ["b", "c", "d"]
