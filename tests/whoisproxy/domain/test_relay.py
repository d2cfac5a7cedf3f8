"""Relay addresses: random, taking mail while active or in grace."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailrelay.directory import Opening
from registries.contact import Role
from whoisproxy.domain.ids import ALPHABET, base32, new_id
from whoisproxy.domain.relay import RelayAddress, RelayState, ReplyAddress, random_local_part

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RELAY = RelayAddress("rel_1", "dom_1", Role.REGISTRANT, "abc", "relay.example", RelayState.ACTIVE, None, NOW)


def test_an_active_address_takes_mail_for_ever() -> None:
    assert RELAY.takes_mail(NOW + 10_000 * HOUR)


def test_a_withdrawn_address_takes_mail_until_its_grace_ends() -> None:
    withdrawn = RELAY.withdrawn(NOW, HOUR)
    assert withdrawn.takes_mail(NOW + HOUR - timedelta.resolution)
    assert not withdrawn.takes_mail(NOW + HOUR)


def test_a_reactivated_address_is_as_it_was() -> None:
    assert RELAY.withdrawn(NOW, HOUR).reactivated() == RELAY


def test_a_local_part_has_a_hundred_bits_and_no_look_alike_letters() -> None:
    parts = {random_local_part() for _ in range(1000)}
    assert len(parts) == 1000
    assert {len(part) for part in parts} == {20}
    assert set("".join(parts)) == set(ALPHABET)
    assert not set("ilou") & set(ALPHABET)


def test_a_correspondent_is_not_shown_by_repr() -> None:
    reply = ReplyAddress(
        "rep_1", "rel_1", "dom_1", "abc", "relay.example", Opening("stranger@far.example"), NOW, NOW
    )
    assert "stranger" not in repr(reply)
    assert reply.address == "abc@relay.example"


@given(st.integers(0, 2**130 - 1), st.integers(0, 2**130 - 1))
def test_base32_sorts_like_the_numbers(one: int, two: int) -> None:
    assert (base32(one, 26) < base32(two, 26)) == (one < two)


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2 ** (5 * n) - 1))))
def test_base32_has_five_bits_in_each_character(number: tuple[int, int]) -> None:
    length, value = number
    written = base32(value, length)
    assert len(written) == length
    assert sum(ALPHABET.index(each) << 5 * place for place, each in enumerate(reversed(written))) == value


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_ids_sort_by_age_and_never_repeat(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    young, old = new_id("dom", now + timedelta(milliseconds=1)), new_id("dom", now)
    assert old < young
    assert new_id("dom", now) != old
    assert len(old) == len("dom_") + 26
