"""Return addresses cannot be forged, and display names cannot deceive."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.addresses import (
    BounceAddresses,
    decoded,
    empty_group,
    encoded,
    format_mailbox,
    parse_mailboxes,
    split_address,
)
from mailrelay.message import HeaderField
from mailrelay.tokens import ALPHABET

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LIFETIME = timedelta(days=14)
BOUNCES = BounceAddresses(b"k" * 32, "relay.example", LIFETIME)
ids = st.text(ALPHABET, min_size=26, max_size=26).map(lambda name: f"msg_{name}")


@given(ids)
def test_a_return_address_finds_its_message_in_any_case(message_id: str) -> None:
    address = BOUNCES.encode(message_id, NOW)

    assert len(address.partition("@")[0]) <= 64
    assert BOUNCES.decode(address, NOW) == message_id
    assert BOUNCES.decode(address.upper(), NOW) == message_id


@given(ids, st.data())
def test_a_changed_return_address_is_nobodys(message_id: str, data: st.DataObject) -> None:
    address = BOUNCES.encode(message_id, NOW)
    place = data.draw(st.integers(2, address.index("@") - 1))
    char = data.draw(st.sampled_from(ALPHABET).filter(lambda one: one != address[place]))

    assert BOUNCES.decode(address[:place] + char + address[place + 1 :], NOW) is None


@given(st.text(max_size=80))
def test_anything_else_is_nobodys(text: str) -> None:
    assert BOUNCES.decode(f"{text}@relay.example", NOW) is None
    assert BOUNCES.decode(text, NOW) is None


def test_a_return_address_expires_and_belongs_to_one_domain_and_key() -> None:
    message_id = "msg_" + "a" * 26
    address = BOUNCES.encode(message_id, NOW)

    assert BOUNCES.decode(address, NOW + LIFETIME) == message_id
    assert BOUNCES.decode(address, NOW + LIFETIME + timedelta(days=1)) is None
    assert BounceAddresses(b"x" * 32, "relay.example").decode(address, NOW) is None
    assert BounceAddresses(b"k" * 32, "other.example").decode(address, NOW) is None


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 octets"):
        BounceAddresses(b"short", "relay.example")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
def test_any_display_name_makes_one_field_with_one_address(display: str) -> None:
    field = HeaderField.make("From", format_mailbox(display, "a@relay.example"))

    assert parseaddr(field.value)[1] == "a@relay.example"
    assert max(len(line) for line in field.raw.split(b"\r\n")) <= 998


def test_display_names_are_read_in_every_charset() -> None:
    [mailbox] = parse_mailboxes("=?utf-8?q?Zo=C3=AB?= <Zoe@HOME.example>")
    assert (mailbox.display, mailbox.address) == ("Zoë", "Zoe@home.example")
    assert decoded("=?no-such-charset?q?x?=") == "=?no-such-charset?q?x?="


@given(st.text(max_size=200))
def test_reading_addresses_never_fails(value: str) -> None:
    for mailbox in parse_mailboxes(value):
        assert split_address(mailbox.address)[1] == mailbox.domain


def test_no_display_name_becomes_another_one_when_it_is_decoded() -> None:
    deceit = "=?utf-8?q?ceo=40bank.example?="
    assert decoded(format_mailbox(deceit, "r1@relay.example")).startswith(deceit)


def test_half_a_character_does_not_keep_a_letter_from_its_way() -> None:
    [read] = parse_mailboxes("=?utf-7?q?A+2AA-?= <ada@offers.example>")
    assert format_mailbox(read.display, read.address).isascii()


@given(st.text(max_size=120))
def test_encoded_words_say_what_was_written_in_short_lines(text: str) -> None:
    written = encoded(text)
    assert all(len(line) <= 75 for line in written.split("\r\n "))
    assert decoded(written.replace("\r\n", "")) == text.encode("utf-8", "replace").decode()


@given(st.text(max_size=300))
def test_a_group_of_nobody_has_no_address_and_shows_its_name(name: str) -> None:
    field = HeaderField.make("Cc", empty_group(name.replace("@", " at ")))
    assert parse_mailboxes(field.value) == ()
    assert field.value.endswith(":;")
    assert all(len(line) <= 998 for line in field.raw.split(b"\r\n"))
