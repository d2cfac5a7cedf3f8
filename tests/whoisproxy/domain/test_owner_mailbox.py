"""Where mail may be led to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.owner_mailbox import deliverable


@pytest.mark.parametrize(
    "text",
    [
        "abc@relay.example",
        "abc@RELAY.Example",
        "abc@deep.sub.relay.example",
        "abc@relay.example\r\nBcc: x@y.example",
        "x@y.example\x00",
        "",
    ],
)
def test_no_mailbox_of_the_relay_and_nothing_that_is_none(text: str) -> None:
    with pytest.raises(InvalidInput, match="mailbox"):
        deliverable(text, "mailbox", "relay.example")


def test_a_relay_with_an_international_name_is_known_in_every_spelling() -> None:
    for own in ("xn--bcher-kva.example", "XN--BCHER-KVA.example."):
        for text in ("a@bücher.example", "a@xn--bcher-kva.example", "a@BÜCHER.example"):
            with pytest.raises(InvalidInput):
                deliverable(text, "mailbox", own)


def test_a_neighbour_of_the_relay_is_not_the_relay() -> None:
    for text in ("a@myrelay.example", "relay.example@home.example"):
        assert deliverable(text, "mailbox", "relay.example") == text


@given(st.text(max_size=60))
def test_what_is_taken_fits_into_a_header(text: str) -> None:
    try:
        named = deliverable(text, "mailbox", "relay.example")
    except InvalidInput:
        return
    assert named.isprintable()
    assert not set(named) & set("\r\n\x00")
