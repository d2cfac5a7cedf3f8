"""No record holds a registrant who is to be hidden, whatever his data look like."""

import ast
import inspect
import itertools
from dataclasses import fields, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from registries.contact import Role
from tests.whoisproxy.publication import samples
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.publication import rdap, record, redaction
from whoisproxy.publication.rdap import domain_json
from whoisproxy.publication.record import Field, RddsRecord
from whoisproxy.publication.whois import domain_text

CANARY = "QXZJ"


def canaries() -> st.SearchStrategy[Registrant]:
    """Registrants each of whose values carries the canary among any characters at all."""
    value = st.builds(lambda before, after: f"{before}{CANARY}{after}", st.text(), st.text())
    return st.builds(
        Registrant,
        name=value,
        organization=value,
        email=value,
        phone=value,
        street=st.lists(value, min_size=1, max_size=3).map(tuple),
        city=value,
        region=value,
        postal_code=value,
        country_code=value,
        language=value,
    )


def everything(shown: RddsRecord) -> str:
    """The record itself, and what both servers would send."""
    sent = rdap.domain_json(shown, "https://rdap.cloak.example") + domain_text(shown)
    return repr(shown) + sent.decode()


def holding(registrant: Registrant) -> Registration:
    return replace(samples.REGISTRATION, registrant=registrant)


@settings(max_examples=50, deadline=None)
@given(registrant=canaries())
def test_a_registrant_appears_exactly_where_he_is_not_hidden(registrant: Registrant) -> None:
    """In every status, with and without relay addresses, in the record and in what both servers send."""
    registration = holding(registrant)
    for status, identities in itertools.product(samples.EVERY_STATUS, (samples.IDENTITIES, None)):
        shown = samples.record(status, registration=registration, identities=identities)
        assert (CANARY in everything(shown)) is not status.hidden, status


@given(registrant=canaries())
def test_while_hidden_the_record_does_not_depend_on_the_registrant(registrant: Registrant) -> None:
    """Stronger than any search: not even the length of his name can be told."""
    assert samples.record(registration=holding(registrant)) == samples.record()


def test_the_registrant_is_read_in_one_place_that_asks_whether_he_is_hidden() -> None:
    tree = ast.parse(inspect.getsource(redaction))
    readers = [
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "registrant"
    ]
    assert readers == ["_registrant_to_show"]


def test_a_record_is_made_of_public_values_only() -> None:
    kinds = {part.type for part in fields(RddsRecord)}
    assert kinds <= {
        str,
        bool,
        record.Profile,
        record.RddsRegistrar,
        record.RddsDisclosure | None,
        tuple[record.RddsContact, ...],
        tuple[record.RddsNameserver, ...],
        tuple[record.RddsDelegationSigner, ...],
        tuple[record.Field, ...],
        tuple[str, ...],
        datetime,
        datetime | None,
    }


def test_the_proxy_is_published_in_full_with_one_address_per_role() -> None:
    registrant, tech = samples.record().contacts
    assert (registrant.role, tech.role) == (Role.REGISTRANT, Role.TECH)
    for contact in (registrant, tech):
        assert contact.organization == samples.BRAND.organization
        assert contact.street == samples.BRAND.street
        assert contact.phone == samples.BRAND.phone
        assert contact.email == samples.IDENTITIES[contact.role].relay_address
        assert contact.withheld == (Field.REGISTRY_ID,)


def test_a_hidden_domain_without_addresses_still_shows_the_proxy() -> None:
    """The address may not exist yet; the registrant is no stopgap for it."""
    [registrant, _] = samples.record(identities=None).contacts
    assert registrant.organization == samples.BRAND.organization
    assert (registrant.email, registrant.contact_uri) == ("", samples.BRAND.terms_url)
    assert Field.EMAIL in registrant.withheld


def test_a_hidden_holder_has_a_page_by_which_he_is_reached() -> None:
    prefix = "https://contact.example/"
    page = prefix + samples.REGISTRATION.name.a_label
    for identities, uri in ((samples.IDENTITIES, ""), (None, page)):
        shown = samples.record(identities=identities, contact_prefix=prefix)
        assert shown.contact_page == page
        assert {contact.contact_uri for contact in shown.contacts} == {uri}
        document = domain_json(shown, "https://rdap.example")
        assert document.count(f'"rel":"help","href":"{page}"'.encode()) == 1
        assert f"\r\nWrite to the holder of this domain: {page}\r\n".encode() in domain_text(shown)


def test_who_is_shown_himself_has_no_such_page() -> None:
    shown = samples.record(samples.OFF, contact_prefix="https://contact.example/")
    assert shown.contact_page == ""
    for published in (domain_json(shown, "https://rdap.example"), domain_text(shown)):
        assert b"contact.example" not in published


def test_a_registrar_without_a_brand_uses_the_configured_one() -> None:
    shown = samples.record(registrar=replace(samples.REGISTRAR, brand=None), identities=None)
    assert shown.contacts[0].name == samples.BRAND.name
    assert shown.registrar.abuse_email == samples.BRAND.abuse_email


def test_administrative_and_billing_contacts_are_not_published() -> None:
    policy = replace(samples.POLICY, roles=tuple(Role))
    assert [contact.role for contact in samples.record(policy=policy).contacts] == [
        Role.REGISTRANT,
        Role.TECH,
    ]


def test_what_the_registry_withholds_we_withhold_too() -> None:
    shown = samples.record(samples.OFF, policy=samples.ALREADY_REDACTED)
    secrets = (*samples.REGISTRANT.identity().values(), samples.REGISTRANT.city)
    assert not [secret for secret in secrets if secret in everything(shown)]
    [contact] = shown.contacts
    published = {Field.REGION, Field.COUNTRY_CODE}
    assert contact.withheld == tuple(field for field in Field if field not in published)
    assert (contact.country_code, contact.contact_uri) == ("DE", samples.REGISTRAR.url)


def test_what_he_does_not_have_is_not_reported_as_withheld() -> None:
    person = replace(samples.REGISTRANT, organization="", postal_code="")
    [contact] = samples.record(
        samples.OFF, registration=holding(person), policy=samples.ALREADY_REDACTED
    ).contacts
    assert not {Field.ORGANIZATION, Field.POSTAL_CODE} & set(contact.withheld)


def test_equal_questions_within_a_minute_get_equal_records() -> None:
    moments = [samples.NOW.replace(second=0), samples.NOW.replace(second=59)]
    first, second = (
        redaction.build_record(
            samples.REGISTRATION,
            samples.ON,
            samples.IDENTITIES,
            samples.REGISTRAR,
            samples.POLICY,
            moment,
            samples.BRAND,
        )
        for moment in moments
    )
    assert first == second
    assert all(moment - first.read_at < timedelta(minutes=1) for moment in moments)


def test_the_statuses_tried_above_are_all_there_are() -> None:
    assert len(set(samples.EVERY_STATUS)) == len(PrivacyState) * 2 * 2
