"""Registrants of the whole world come in, and never show themselves in an error or a repr."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.registrant import COUNTRY_CODES, Registrant

PEOPLE = Path(__file__).parents[4] / "shared" / "data" / "faker_registrants.jsonl"
ANN: dict[str, object] = {
    "name": "Ann Müller",
    "organization": "",
    "email": "ann@home.example",
    "phone": "+41 79 000 11 22",
    "street": ["Weg 1"],
    "city": "Zürich",
    "region": "",
    "postal_code": "8000",
    "country_code": "ch",
    "language": "de",
}


def shaped(person: dict[str, Any]) -> dict[str, object]:
    """Bring a person of the test data into the common shape, with a number that surely is E.164."""
    return ANN | {
        "name": person["name"],
        "organization": person["org"],
        "email": person["email"],
        "street": person["street"].splitlines()[:3],
        "city": person["city"],
        "postal_code": person["postcode"],
        "country_code": person["country"],
    }


def parsed(field: str, value: object) -> tuple[Registrant | None, InvalidInput | None]:
    """Return Ann with one other value, or why it is refused."""
    try:
        return Registrant.parse(ANN | {field: value}), None
    except InvalidInput as refusal:
        return None, refusal


@pytest.fixture(scope="module")
def people() -> list[dict[str, Any]]:
    """Synthetic registrants in 107 locales."""
    if not PEOPLE.exists():
        pytest.skip("the shared test data are not here")
    return [json.loads(line) for line in PEOPLE.read_text(encoding="utf-8").splitlines()]


def test_people_of_every_locale_are_taken_and_come_back_the_same(people: list[dict[str, Any]]) -> None:
    # A few locales of the data have no country of ISO 3166-1.
    of_countries = [person for person in people if person["country"].upper() in COUNTRY_CODES]
    assert len(of_countries) > 4000
    for person in of_countries:
        registrant = Registrant.parse(shaped(person))
        assert Registrant.parse(registrant.as_dict()) == registrant
        assert registrant.email in registrant.identity().mailboxes


def test_a_phone_number_of_any_locale_is_e164_or_refused_without_being_repeated(
    people: list[dict[str, Any]],
) -> None:
    for person in people:
        phone, refusal = parsed("phone", person["phone"])
        if refusal is not None:
            assert refusal.field == "registrant.phone"
            assert person["phone"] not in str(refusal)
        if phone is not None:
            assert phone.phone.startswith("+")
            assert phone.phone[1:].isdigit()


@pytest.mark.parametrize("name", ["\u0dc1\u0dca\u200d\u0dbb\u0dd3 Perera", "\u0645\u06cc\u200c\u0631\u0627"])
def test_the_joiners_that_a_script_needs_stay(name: str) -> None:
    assert Registrant.parse(ANN | {"name": name}).name == name


def test_a_wide_space_becomes_a_space() -> None:
    assert (
        Registrant.parse(ANN | {"name": "\u5c71\u7530\u3000\u592a\u90ce"}).name == "\u5c71\u7530 \u592a\u90ce"
    )


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\u0085", "\ud800"])
def test_characters_that_only_deceive_are_refused(hidden: str) -> None:
    with pytest.raises(InvalidInput, match="control characters"):
        Registrant.parse(ANN | {"name": f"Ann{hidden}Miller"})


def test_values_are_normalised() -> None:
    registrant = Registrant.parse(ANN | {"name": "  Ann   Müller "})
    assert (registrant.name, registrant.phone, registrant.country_code) == (
        "Ann Müller",
        "+41790001122",
        "CH",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", None),
        ("name", "a\nb"),
        ("name", "a\x00b"),
        ("name", "a" * 256),
        ("name", 7),
        ("email", "ann"),
        ("email", "ann@"),
        ("email", "a@b@c.example"),
        ("phone", "079 000 11 22"),
        ("phone", "+41"),
        ("street", []),
        ("street", "Weg 1"),
        ("street", ["1", "2", "3", "4"]),
        ("street", [""]),
        ("country_code", "ZZ"),
        ("country_code", "CHE"),
        ("postal_code", "1" * 17),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        Registrant.parse(ANN | {field: value})
    assert caught.value.field == f"registrant.{field}"


def test_an_unknown_field_is_refused_without_being_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        Registrant.parse(ANN | {"passport": "X1"})
    assert "passport" not in str(caught.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(ANN)), JSON_VALUES)
def test_any_json_value_is_taken_or_refused_with_its_field(field: str, value: object) -> None:
    registrant, refusal = parsed(field, value)
    if refusal is not None:
        assert refusal.field.startswith("registrant")
    if registrant is not None:
        assert Registrant.parse(registrant.as_dict()) == registrant


def test_a_registrant_does_not_show_himself() -> None:
    registrant = Registrant.parse(ANN)
    shown = f"{registrant} {registrant!r} {[registrant]}"
    assert not any(secret in shown for secret in registrant.identity().values())
