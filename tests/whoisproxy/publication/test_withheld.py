"""What counts as withheld is what we hold and do not show, by the profile of the TLD."""

import itertools
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.contact import Role
from registries.delegation import DelegationSigner, Host
from registries.policy import Mechanism, Profile, Reason, Shown, TldPolicy
from tests.whoisproxy.publication import samples
from whoisproxy.publication.record import Field, RddsContact, RddsRecord

PLACES = {Field.REGISTRY_ID: "handle"} | {field: field.value for field in Field if field != "registry_id"}
REGISTRY = replace(samples.POLICY, profile=Profile.REGISTRY)
COUNTRY = replace(samples.POLICY, tld="au", profile=Profile.CCTLD)
IDS = {Role.REGISTRANT: "C1-TEST", Role.TECH: "C2-TEST"}
PERSON = replace(samples.REGISTRANT, organization="")


def policies() -> st.SearchStrategy[TldPolicy]:
    shown = st.lists(st.sampled_from(Shown), min_size=1, max_size=3).map(tuple)
    return st.builds(
        replace,
        st.just(samples.POLICY),
        profile=st.sampled_from(Profile),
        mechanism=st.sampled_from(Mechanism),
        reason=st.none() | st.sampled_from(Reason),
        natural_persons=shown,
        organisations=shown,
    )


def values(contact: RddsContact) -> dict[Field, object]:
    return {field: getattr(contact, place) for field, place in PLACES.items()}


@settings(deadline=None)
@given(
    policy=policies(), organization=st.sampled_from(["", "Firm"]), postal_code=st.sampled_from(["", "1204"])
)
def test_a_field_is_shown_withheld_or_not_there(
    policy: TldPolicy, organization: str, postal_code: str
) -> None:
    """Never two of them; ids and e-mails that are not shown are listed as the profile demands."""
    holder = replace(samples.REGISTRANT, organization=organization, postal_code=postal_code)
    registration = replace(samples.REGISTRATION, registrant=holder)
    held = {field: bool(getattr(holder, PLACES[field], "")) for field in Field}
    for status in samples.EVERY_STATUS:
        for contact in samples.record(status, registration=registration, policy=policy).contacts:
            shown = {field for field, value in values(contact).items() if value}
            assert shown.isdisjoint(contact.withheld)
            assert list(contact.withheld) == [field for field in Field if field in contact.withheld]
            assert bool(contact.contact_uri) is (Field.EMAIL in contact.withheld)
            assert (Field.REGISTRY_ID in contact.withheld) is (policy.profile is not Profile.CCTLD)
            if not status.hidden:
                others = {field for field in Field if held[field]} - shown
                assert others | {Field.REGISTRY_ID} == set(contact.withheld) | {Field.REGISTRY_ID}


@given(policy=policies())
@settings(deadline=None)
def test_while_hidden_the_rule_of_the_tld_decides_nothing_but_the_profile(policy: TldPolicy) -> None:
    for contact in samples.record(samples.ON, policy=policy).contacts:
        assert contact.name == samples.BRAND.name
        assert set(contact.withheld) <= {Field.REGISTRY_ID}


@pytest.mark.parametrize(
    ("persons", "visible"),
    [
        ((Shown.NOTHING,), set()),
        ((Shown.UNKNOWN,), set()),
        ((Shown.NAME, Shown.EMAIL), {Field.NAME, Field.EMAIL}),
        ((Shown.ADDRESS,), {Field.STREET, Field.CITY, Field.POSTAL_CODE}),
        ((Shown.EVERYTHING,), set(Field) - {Field.REGISTRY_ID, Field.ORGANIZATION}),
    ],
)
def test_of_a_country_we_show_what_its_registry_shows(
    persons: tuple[Shown, ...], visible: set[Field]
) -> None:
    policy = replace(COUNTRY, natural_persons=persons, organisations=(Shown.EVERYTHING,))
    registration = replace(samples.REGISTRATION, registrant=PERSON)
    contact = samples.record(samples.OFF, registration=registration, policy=policy).contacts[0]
    shown = {field for field, value in values(contact).items() if value}
    everywhere = {Field.REGION, Field.COUNTRY_CODE}
    assert shown - everywhere == visible - everywhere
    assert contact.country_code == "DE"


def test_a_firm_is_shown_as_firms_are_or_else_as_persons() -> None:
    shown = replace(COUNTRY, natural_persons=(Shown.NOTHING,), organisations=(Shown.NAME,))
    unknown = replace(COUNTRY, natural_persons=(Shown.NOTHING,), organisations=(Shown.UNKNOWN,))
    assert samples.record(samples.OFF, policy=shown).contacts[0].organization == "Käserei Müller"
    assert samples.record(samples.OFF, policy=unknown).contacts[0].organization == ""


def test_the_id_of_a_domain_is_there_or_listed_except_for_countries() -> None:
    known = replace(samples.REGISTRATION, registry_id="D1-TEST")
    for policy, listed in ((samples.POLICY, True), (REGISTRY, True), (COUNTRY, False)):
        assert samples.record(policy=policy).withheld == ((Field.REGISTRY_ID,) if listed else ())
        assert samples.record(policy=policy, registration=known).withheld == ()
        assert samples.record(policy=policy, registration=known).registry_id == "D1-TEST"


def test_ids_of_contacts_are_shown_only_where_it_is_certain_whose_they_are() -> None:
    """While a switch is under way the object may be the holder's although the proxy is shown."""
    for status in samples.EVERY_STATUS:
        handles = {contact.handle for contact in samples.record(status, contact_ids=IDS).contacts}
        settled = status in (samples.ON, samples.OFF) or (status.state == "disabled" and not status.hidden)
        assert handles == (set(IDS.values()) if settled else {""}), status


def test_the_profile_is_told_to_the_renderers() -> None:
    assert samples.record(policy=REGISTRY).profile is Profile.REGISTRY


def test_only_hosts_below_the_domain_have_addresses() -> None:
    registration = replace(
        samples.REGISTRATION,
        nameservers=("NS1.cheese.com.", "ns2.hoster.example", "ns.xn--kse-qla.example", "xn--zz"),
        hosts=(Host("ns1.cheese.com", ("192.0.2.1",)), Host("ns7.cheese.com", ("192.0.2.7",))),
        delegation_signed=True,
        ds=(DelegationSigner(1, 13, 2, "AB" * 32),),
    )
    shown = samples.record(registration=registration)
    assert [(host.name, host.unicode_name, host.addresses) for host in shown.nameservers] == [
        ("ns1.cheese.com", "ns1.cheese.com", ("192.0.2.1",)),
        ("ns2.hoster.example", "ns2.hoster.example", ()),
        ("ns.xn--kse-qla.example", "ns.käse.example", ()),
        ("xn--zz", "xn--zz", ()),
    ]
    assert (shown.delegation_signed, shown.ds) == (True, registration.ds)


def test_nothing_of_a_hidden_holder_is_in_any_field_of_a_record() -> None:
    secrets = (*samples.REGISTRANT.identity().values(), samples.REGISTRANT.city)
    for status, profile in itertools.product(samples.EVERY_STATUS, Profile):
        if status.hidden:
            shown = samples.record(status, policy=replace(samples.POLICY, profile=profile), contact_ids=IDS)
            written = [repr(getattr(shown, part.name)) for part in fields(RddsRecord)]
            assert not [secret for secret in secrets for text in written if secret in text]
