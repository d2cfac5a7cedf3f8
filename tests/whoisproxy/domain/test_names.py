"""Domain names: one stored form, whatever way they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName


@pytest.mark.parametrize(
    ("written", "a_label"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        (" example.com ", "example.com"),
        ("bücher.ch", "xn--bcher-kva.ch"),
        ("BÜCHER.ch", "xn--bcher-kva.ch"),
        ("xn--bcher-kva.ch", "xn--bcher-kva.ch"),
        ("example.co.uk", "example.co.uk"),
    ],
)
def test_a_name_has_one_stored_form(written: str, a_label: str) -> None:
    assert DomainName.parse(written).a_label == a_label


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "com",
        "co.uk",
        "www.example.com",
        "exa mple.com",
        "-a.com",
        "a_b.com",
        "a..com",
        "xn--zzzzz-.com",
    ],
)
def test_what_cannot_be_registered_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        DomainName.parse(written)


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput):
        DomainName.parse(".".join(["a" * 60] * 5) + ".com")


def test_suffix_and_tld_are_told_apart() -> None:
    name = DomainName.parse("bücher.co.uk")
    assert (name.suffix, name.tld, name.u_label) == ("co.uk", "uk", "bücher.co.uk")


@given(st.text(max_size=80))
def test_any_text_is_a_name_in_one_form_or_refused(text: str) -> None:
    try:
        name = DomainName.parse(text)
    except InvalidInput:
        return
    assert DomainName.parse(name.a_label) == name
    assert DomainName.parse(name.u_label) == name
