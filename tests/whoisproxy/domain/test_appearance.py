"""A look that is taken can be read; the pages' own can be too."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import whoisproxy.portal
from whoisproxy.domain import appearance as looks
from whoisproxy.domain.appearance import Appearance, check, host_name
from whoisproxy.domain.contrast import LEAST, contrast
from whoisproxy.domain.errors import InvalidInput

_STYLE = (Path(whoisproxy.portal.__file__).parent / "static" / "style.css").read_text()
_LIGHT, _DARK = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", one)) for one in _STYLE.split("@media")[:2])
_TEXTS = ("ink", "soft", "accent", "good", "bad")
_OWN = Appearance("rgr_1", "Example Domains")
_colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(_colours, _colours)
def test_contrast_is_between_one_and_21_and_knows_no_order(one: str, other: str) -> None:
    assert 1 <= contrast(one, other) <= 21
    assert contrast(one, other) == contrast(other, one)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)],
)
def test_contrasts_are_those_that_are_published(one: str, other: str, ratio: float) -> None:
    """WCAG 2.2, "contrast ratio"; grey on white as in its technique G18, which just misses AA."""
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("colours", [_LIGHT, _DARK], ids=["light", "dark"])
def test_the_pages_own_colours_stand_out(colours: dict[str, str]) -> None:
    for text in _TEXTS:
        for ground in ("ground", "shade"):
            assert contrast(colours[text], colours[ground]) >= LEAST, (text, ground)
    assert contrast(colours["on-accent"], colours["accent"]) >= LEAST


def test_colours_of_registrars_are_held_to_the_grounds_that_there_are() -> None:
    assert (_LIGHT["ground"], _LIGHT["shade"]) == looks.LIGHT_GROUNDS
    assert (_DARK["ground"], _DARK["shade"]) == looks.DARK_GROUNDS
    assert (_LIGHT["on-accent"], _DARK["on-accent"]) == (looks.ON_LIGHT_ACCENT, looks.ON_DARK_ACCENT)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accent", "#ffdd00"),
        ("accent", "#6cc5d4"),
        ("accent", "red"),
        ("accent", "#0B5C6B"),
        ("accent", "#000000; } body { display: none"),
        ("accent_dark", "#0b5c6b"),
        ("name", ""),
        ("name", " "),
        ("name", "x" * 61),
        ("name", "Two\nlines"),
        ("name", "Turned \u202e round"),
        ("host", "privacy.example:8443"),
        ("host", "Privacy.example"),
        ("host", "localhost"),
        ("host", "192.0.2.1"),
        ("host", "a b.example"),
        ("terms_url", "http://registrar.example/"),
        ("help_url", "javascript:alert(1)"),
        ("imprint_url", "https://registrar.example/\r\nX: y"),
        ("privacy_url", 'https://registrar.example/"><script>'),
        ("privacy_url", "https://user@registrar.example/"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(replace(_OWN, **{field: value}))
    assert refused.value.field == field


def test_what_can_be_shown_is_taken() -> None:
    check(_OWN)
    check(
        replace(
            _OWN,
            name="Domänen & Söhne",
            host="xn--domnen-cua.example",
            accent="#0a4f8f",
            accent_dark="#7ab8f5",
            imprint_url="https://registrar.example/imprint?lang=de",
        )
    )


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("Privacy.Example:8443", "privacy.example"),
        ("privacy.example", "privacy.example"),
        ("[2001:db8::1]:80", ""),
        ("127.0.0.1:80", ""),
        ("", ""),
        ("x" * 300, ""),
    ],
)
def test_a_host_field_leads_to_a_name(field: str, name: str) -> None:
    assert host_name(field) == name
