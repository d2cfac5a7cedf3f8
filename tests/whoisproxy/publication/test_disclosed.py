"""A requester sees what was granted and what all see, and nothing more of the registrant."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whoisproxy.publication import samples
from tests.whoisproxy.publication.test_redaction import canaries
from whoisproxy.domain.disclosure import DisclosedField, Grant, Purpose, Requester
from whoisproxy.domain.privacy import PrivacyStatus
from whoisproxy.domain.registrant import Registrant
from whoisproxy.publication import rdap
from whoisproxy.publication.disclosed import disclosed_record
from whoisproxy.publication.record import Field, RddsRecord

HIDDEN = [status for status in samples.EVERY_STATUS if status.hidden]
SHOWN = [status for status in samples.EVERY_STATUS if not status.hidden]
GRANTED = st.sets(st.sampled_from(DisclosedField), min_size=1)


def grant(*fields: DisclosedField) -> Grant:
    return Grant(
        id="dis_1",
        registrar_id="rgr_1",
        domain_id="dom_1",
        domain="cheese.com",
        registrant_id="own_1",
        purpose=Purpose.LEGAL_ACTIONS,
        fields=tuple(field for field in DisclosedField if field in fields),
        requester=Requester("Lea Recht"),
        reason="order 12/345",
        created_at=samples.NOW,
        expires_at=samples.NOW + timedelta(days=7),
    )


def seen(
    registrant: Registrant,
    granted: set[DisclosedField],
    status: PrivacyStatus = samples.ON,
    **sample: Any,
) -> RddsRecord:
    registration = replace(samples.REGISTRATION, registrant=registrant)
    public = samples.record(status, registration=registration, **sample)
    return disclosed_record(public, registrant, grant(*granted), hidden=status.hidden)


def document(record: RddsRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rdap.domain_json(record, "https://rdap.cloak.example"))
    return found


def distinct(registrant: Registrant) -> Registrant:
    """Return a registrant with the same values, each told from the others."""
    named = {field: f"{getattr(registrant, field)}~{field}~" for field in DisclosedField if field != "street"}
    street = tuple(f"{line}~street~" for line in registrant.street)
    return replace(registrant, street=street, **named)


@given(registrant=canaries().map(distinct), granted=GRANTED, status=st.sampled_from(HIDDEN))
def test_of_a_hidden_registrant_exactly_the_granted_parts_are_seen(
    registrant: Registrant, granted: set[DisclosedField], status: PrivacyStatus
) -> None:
    record = seen(registrant, granted, status)
    sent = rdap.domain_json(record, "https://rdap.cloak.example").decode()
    assert {field for field in DisclosedField if f"~{field}~" in sent} == granted
    shown = {field: getattr(record.contacts[0], field) for field in granted}
    assert shown == {field: getattr(registrant, field) for field in granted}


@given(one=canaries(), other=canaries(), granted=GRANTED, status=st.sampled_from(HIDDEN))
def test_two_who_agree_in_what_was_granted_look_the_same(
    one: Registrant, other: Registrant, granted: set[DisclosedField], status: PrivacyStatus
) -> None:
    """Not even whether a part exists can be told of what was not granted: both send the same octets."""
    values = {"organization": "", **{str(field): getattr(one, field) for field in granted}}
    alike = replace(other, **values)
    assert seen(one, granted, status) == seen(alike, granted, status)


@given(registrant=canaries(), granted=GRANTED, status=st.sampled_from(HIDDEN), address=st.booleans())
def test_redacted_lists_exactly_what_was_not_granted(
    registrant: Registrant, granted: set[DisclosedField], status: PrivacyStatus, *, address: bool
) -> None:
    identities = samples.IDENTITIES if address else None
    contact = seen(registrant, granted, status, identities=identities).contacts[0]
    not_granted = {Field(field) for field in DisclosedField if field not in granted}
    assert set(contact.withheld) == not_granted | {Field.REGISTRY_ID}
    assert bool(contact.email) is (address or DisclosedField.EMAIL in granted)
    assert bool(contact.contact_uri) is not bool(contact.email)


@given(granted=GRANTED, status=st.sampled_from(SHOWN))
def test_what_all_see_is_not_lost_by_a_grant(granted: set[DisclosedField], status: PrivacyStatus) -> None:
    public = samples.record(status)
    assert seen(samples.REGISTRANT, granted, status).contacts == public.contacts


@given(registrant=canaries(), granted=GRANTED)
def test_what_a_registry_redacts_is_shown_where_it_was_granted(
    registrant: Registrant, granted: set[DisclosedField]
) -> None:
    public = samples.record(
        samples.OFF,
        policy=samples.ALREADY_REDACTED,
        registration=replace(samples.REGISTRATION, registrant=registrant),
    )
    [before], [after] = (
        public.contacts,
        seen(registrant, granted, samples.OFF, policy=samples.ALREADY_REDACTED).contacts,
    )
    assert set(after.withheld) == set(before.withheld) - {Field(field) for field in granted}
    for field in DisclosedField:
        expected = registrant if field in granted else before
        assert getattr(after, field) == getattr(expected, field)


@given(registrant=canaries(), granted=GRANTED, status=st.sampled_from(samples.EVERY_STATUS))
def test_all_but_the_registrants_own_card_is_what_all_see(
    registrant: Registrant, granted: set[DisclosedField], status: PrivacyStatus
) -> None:
    registration = replace(samples.REGISTRATION, registrant=registrant)
    public = samples.record(status, registration=registration)
    record = seen(registrant, granted, status)
    assert record.contacts[1:] == public.contacts[1:]
    assert replace(record, contacts=public.contacts, disclosure=None) == public


def test_the_document_says_what_is_left_out_and_for_whom_it_is() -> None:
    shown = document(seen(samples.REGISTRANT, {DisclosedField.NAME, DisclosedField.COUNTRY_CODE}))
    [registrant] = [each for each in shown["entities"] if each["roles"] == ["registrant"]]
    card = {name: (parameters, value) for name, parameters, _, value in registrant["vcardArray"][1]}
    assert card["fn"] == ({}, "Zoë Müller-Sánchez")
    assert card["adr"] == ({"cc": "DE"}, ["", "", "", "", "", "", ""])
    assert not {"org", "tel"} & card.keys()
    assert card["email"][1].endswith("@relay.cloak.example")
    named = {next(iter(each["name"].items())): each for each in shown["redacted"]}
    assert named["type", "Registrant Email"] == {
        "name": {"type": "Registrant Email"},
        "postPath": "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='email')][3]",
        "method": "replacementValue",
    }
    assert ("description", "Registrant State/Province") in named
    assert not {("type", "Registrant Name"), ("description", "Registrant Country")} & named.keys()
    notice = shown["notices"][0]
    assert notice["title"] == "Disclosed to one requester"
    assert "legalActions" in notice["description"][1]


def test_where_the_country_was_not_granted_none_is_named() -> None:
    shown = document(seen(samples.REGISTRANT, {DisclosedField.PHONE}))
    [registrant] = [each for each in shown["entities"] if each["roles"] == ["registrant"]]
    [address] = [each for each in registrant["vcardArray"][1] if each[0] == "adr"]
    assert address[1] == {}
    [redaction] = [
        each for each in shown["redacted"] if each["name"] == {"description": "Registrant Country"}
    ]
    assert redaction["method"] == "removal"


@pytest.mark.parametrize("status", samples.EVERY_STATUS, ids=repr)
def test_nothing_published_says_that_it_is_for_one(status: PrivacyStatus) -> None:
    assert samples.record(status).disclosure is None
