"""Names in any script reach a registry whole, or in the form that it can hold."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.contact import Contact
from registries.epp.frames import ContactData, Disclose, DiscloseField, PostalType
from registries.epp.postal import ascii_spelling, contact_of, differences, fields_to_hide, postal_forms

PEOPLE = Path(__file__).parents[4] / "shared" / "data" / "faker_registrants.jsonl"

ZOE = Contact(
    name="Zoë Müller",
    organization="Søster Straße",
    street=("Łąkowa 1",),
    city="Genève",
    region="",
    postal_code="1204",
    country_code="CH",
    phone="+41.221234567",
    email="zoe@home.example",
)
LI = replace(ZOE, name="李小龍", organization="", street=("中環皇后大道中",), city="香港")


def _held(contact: Contact) -> ContactData:
    return ContactData("H-1", ("ok",), postal_forms(contact), contact.phone, contact.email, None)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Zoë Müller", "Zoe Muller"),
        ("Straße", "Strasse"),
        ("Łąkowa", "Lakowa"),
        ("Œuvre d\N{RIGHT SINGLE QUOTATION MARK}Ångström", "OEuvre d'Angstrom"),
        ("李小龍", None),
        ("Zoë 李", None),
        ("", ""),
    ],
)
def test_a_name_is_spelled_in_ascii_whole_or_not_at_all(text: str, spelled: str | None) -> None:
    assert ascii_spelling(text) == spelled


def test_an_ascii_contact_has_the_international_form_only() -> None:
    contact = replace(ZOE, name="Zoe", organization="", street=("Rue 1",), city="Geneve")
    assert [form.type for form in postal_forms(contact)] == [PostalType.INT]


def test_a_contact_with_accents_has_both_forms() -> None:
    international, local = postal_forms(ZOE)
    assert (international.type, international.name, international.city) == ("int", "Zoe Muller", "Geneve")
    assert (local.type, local.name, local.city) == ("loc", "Zoë Müller", "Genève")


def test_a_contact_without_ascii_spelling_has_the_local_form_only() -> None:
    assert [form.type for form in postal_forms(LI)] == [PostalType.LOC]


_TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30)


_CONTACTS = st.builds(
    Contact,
    name=_TEXTS,
    organization=_TEXTS,
    street=st.lists(_TEXTS, min_size=1, max_size=3).map(tuple),
    city=_TEXTS,
    region=_TEXTS,
    postal_code=_TEXTS,
    country_code=st.sampled_from(["CH", "HK"]),
    phone=st.just("") | st.just("+41.221234567"),
    email=_TEXTS,
)


@given(_CONTACTS)
def test_the_international_form_is_always_ascii_and_no_contact_differs_from_itself(contact: Contact) -> None:
    for form in postal_forms(contact):
        texts = (form.name, form.org, *form.street, form.city, form.sp, form.pc, form.cc)
        assert form.type is PostalType.LOC or all(text.isascii() for text in texts)
        assert form.name
        assert form.city
    assert not differences(contact, _held(contact))


def test_people_of_every_country_are_sent_and_recognised() -> None:
    if not PEOPLE.exists():
        pytest.skip("the synthetic registrants are not here")
    seen = 0
    for line in PEOPLE.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        name = str(raw.get("name") or raw.get("full_name") or "")
        contact = replace(ZOE, name=name, city=str(raw.get("city") or "X"))
        assert not differences(contact, _held(contact))
        seen += bool(name)
    assert seen > 4000


def test_the_local_form_is_what_is_shown() -> None:
    assert contact_of(_held(ZOE)) == ZOE


def test_case_and_white_space_are_no_difference() -> None:
    shouted = replace(ZOE, name="ZOË  MÜLLER", email="Zoe@HOME.example", phone="+41.22 1234567")
    assert not differences(shouted, _held(ZOE))


def test_differences_are_named_and_never_quoted() -> None:
    other = replace(ZOE, name="Ann", street=("Elsewhere",), phone="", email="ann@home.example")
    assert differences(other, _held(ZOE)) == ("name", "street", "phone", "email")


def test_an_old_local_form_that_stayed_behind_is_a_difference() -> None:
    """An update of the ASCII form alone would leave the holder's own writing at the registry."""
    ascii_only = replace(ZOE, name="Proxy", organization="", street=("Box 1",), city="Geneve")
    stale = replace(
        _held(ascii_only), email=ZOE.email, postal=(*postal_forms(ascii_only), postal_forms(ZOE)[1])
    )
    assert "name" in differences(ascii_only, stale)


def test_hidden_means_that_every_field_with_a_value_is_withheld() -> None:
    data = _held(LI)
    assert fields_to_hide(data) == {
        DiscloseField.NAME_LOC,
        DiscloseField.ADDR_LOC,
        DiscloseField.VOICE,
        DiscloseField.EMAIL,
    }
    assert Disclose(flag=False).withholds(fields_to_hide(data))
    partly = Disclose(flag=False, fields=frozenset({DiscloseField.EMAIL}))
    assert not partly.withholds(fields_to_hide(data))


def test_a_fax_number_must_be_withheld_too() -> None:
    assert DiscloseField.FAX in fields_to_hide(replace(_held(LI), fax="+41.221234568"))


def test_the_e_mail_that_counts_is_the_one_that_the_registry_publishes() -> None:
    """Some keep a public one beside the holder's own."""
    relayed = replace(_held(ZOE), public_email="r@relay.example")
    assert contact_of(relayed).email == "r@relay.example"
    assert differences(ZOE, relayed) == ("email",)
    assert not differences(replace(ZOE, email="r@relay.example"), relayed)
