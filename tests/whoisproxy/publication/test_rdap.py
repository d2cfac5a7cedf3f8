"""RDAP documents: golden files of one of each kind, and what their parts promise.

ICANN's rules are in `conformance`, each by its code.
"""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.whoisproxy.publication import samples
from tests.whoisproxy.publication.conformance.answers import ANSWERS, DOMAINS, HOST
from tests.whoisproxy.publication.conformance.selection import lines, select, with_role
from whoisproxy.publication import rdap
from whoisproxy.publication.answer import View
from whoisproxy.publication.rdap.statuses import STATUSES, rdap_statuses
from whoisproxy.publication.record import Profile, RddsRecord

GOLDEN = Path(__file__).parents[2] / "data" / "rdap"
BASE_URL = "https://rdap.cloak.example"

# Name of the golden file -> what is sent.
DOCUMENTS = {
    **{name: rdap.domain_json(record, BASE_URL) for name, record in samples.GOLDEN.items()},
    **{
        f"jscontact-{name}": rdap.domain_json(samples.GOLDEN[name], BASE_URL, View.JSCONTACT)
        for name in ("hidden", "withheld-by-registry")
    },
    **{
        name: ANSWERS[name].body
        for name in (
            "complete-hidden",
            "registry-withheld-by-registry",
            "cctld-withheld-by-registry",
            "nameserver",
            "nameserver-idn",
            "entity",
            "help",
            "error-404",
        )
    },
}


def document(record: RddsRecord, view: View = View.RDAP) -> Any:
    return orjson.loads(rdap.domain_json(record, BASE_URL, view))


def redactions(shown: Any) -> dict[str, Any]:
    return {one["name"]["type"]: one for one in shown["redacted"]}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_match_the_golden_files(name: str) -> None:
    assert orjson.loads(DOCUMENTS[name]) == orjson.loads((GOLDEN / f"{name}.json").read_bytes())


def test_documents_of_different_states_differ() -> None:
    assert all(first != second for first, second in combinations(DOCUMENTS.values(), 2))


# Part -> method, for a contact whom the registry withholds.
WITHHELD = {
    "Registry Domain ID": "removal",
    "Registry Registrant ID": "removal",
    "Registrant Name": "emptyValue",
    "Registrant Organization": "removal",
    "Registrant Street": "emptyValue",
    "Registrant City": "emptyValue",
    "Registrant Postal Code": "emptyValue",
    "Registrant Phone": "removal",
    "Registrant Email": "replacementValue",
}


def test_what_a_registry_withholds_is_listed_with_the_methods_of_the_profile() -> None:
    shown = document(samples.GOLDEN["withheld-by-registry"])
    assert {name: one["method"] for name, one in redactions(shown).items()} == WITHHELD


def test_a_proxy_is_shown_in_full() -> None:
    """The Registration Data Policy wants a privacy service's own data unredacted; only ids are not ours."""
    ids = {"Registry Domain ID", "Registry Registrant ID", "Registry Tech ID"}
    assert set(redactions(document(samples.GOLDEN["hidden"]))) == ids


def test_a_record_that_withholds_nothing_does_not_speak_of_redaction() -> None:
    shown = document(DOMAINS["complete-hidden"])
    assert "redacted" not in shown
    assert "redacted" not in shown["rdapConformance"]


def test_a_countrys_domain_neither_claims_icanns_profile_nor_sends_people_to_icann() -> None:
    shown = document(DOMAINS["cctld-hidden"])
    assert shown["rdapConformance"] == ["rdap_level_0", "redacted"]
    assert [notice["title"] for notice in shown["notices"]] == ["Terms of Service"]


def test_a_registry_removes_an_email_and_names_no_page() -> None:
    shown = document(DOMAINS["registry-withheld-by-registry"])
    [registrant] = with_role(shown, "registrant")
    assert not lines(registrant, "email")
    assert not lines(registrant, "contact-uri")
    assert redactions(shown)["Registrant Email"]["method"] == "removal"


@pytest.mark.parametrize(
    ("profile", "expiration"),
    [
        (Profile.REGISTRAR, "registrar expiration"),
        (Profile.CCTLD, "registrar expiration"),
        (Profile.REGISTRY, "expiration"),
    ],
)
def test_the_end_of_a_registration_is_that_of_who_tells_it(profile: Profile, expiration: str) -> None:
    shown = document(replace(samples.GOLDEN["hidden"], profile=profile))
    actions = [event["eventAction"] for event in shown["events"]]
    assert actions == ["registration", expiration, "last changed", "last update of RDAP database"]


def test_a_natural_person_has_an_empty_organisation_and_no_redaction() -> None:
    """63300 takes a missing organisation for a redacted one."""
    person = replace(samples.REGISTRATION, registrant=replace(samples.REGISTRANT, organization=""))
    shown = document(samples.record(samples.OFF, registration=person))
    [registrant] = with_role(shown, "registrant")
    assert lines(registrant, "org") == [["org", {}, "text", ""]]
    assert "Registrant Organization" not in redactions(shown)


def test_mailboxes_have_their_domain_in_a_labels() -> None:
    record = samples.GOLDEN["shown"]
    contacts = tuple(replace(contact, email="info@käse.example") for contact in record.contacts)
    [registrant] = with_role(document(replace(record, contacts=contacts)), "registrant")
    assert lines(registrant, "email") == [["email", {}, "text", "info@xn--kse-qla.example"]]


@pytest.mark.parametrize("view", [View.RDAP, View.JSCONTACT])
def test_no_octet_can_be_taken_for_markup(view: View) -> None:
    record = samples.GOLDEN["shown"]
    contacts = tuple(replace(contact, name="</script><b>") for contact in record.contacts)
    body = rdap.domain_json(replace(record, contacts=contacts), BASE_URL, view)
    assert b"<" not in body
    assert b">" not in body
    assert orjson.loads(body) == document(replace(record, contacts=contacts), view)


def test_epp_statuses_have_the_names_of_rfc_8056() -> None:
    """The names differ by more than spelling in one case only: ok."""
    spelt = {
        epp: re.sub("([A-Z])", lambda upper: " " + upper[1].lower(), epp) for epp in STATUSES if epp != "ok"
    }
    assert spelt | {"ok": "active"} == STATUSES


@pytest.mark.parametrize(
    ("epp", "told"),
    [
        ((), ["active"]),
        (("unheard of", "linked"), ["active"]),
        (("ok", "clientHold"), ["client hold"]),
        (("ok", "addPeriod"), ["add period"]),
        (("clientHold", "clientHold"), ["client hold"]),
        (("clientTransferProhibited", "pendingTransfer"), ["pending transfer"]),
        (("pendingUpdate", "pendingDelete"), ["pending delete"]),
        (("redemptionPeriod",), ["redemption period", "pending delete"]),
        (("pendingRestore", "serverDeleteProhibited"), ["pending restore", "pending delete"]),
    ],
)
def test_statuses_that_contradict_each_other_are_not_told_together(
    epp: tuple[str, ...], told: list[str]
) -> None:
    """RFC 5731 section 2.3, RFC 3915 section 3.1."""
    assert list(rdap_statuses(epp)) == told


def test_jscontact_takes_the_place_of_jcard_and_of_the_profile_that_wants_it() -> None:
    shown = document(samples.GOLDEN["hidden"], View.JSCONTACT)
    assert shown["rdapConformance"] == ["rdap_level_0", "jscard", "redacted"]
    assert b"vcard" not in orjson.dumps(shown)
    assert all("jscard" in one for one in shown["entities"])


def test_what_jscontact_withholds_is_left_out_where_it_says_so() -> None:
    shown = document(samples.GOLDEN["withheld-by-registry"], View.JSCONTACT)
    listed = redactions(shown)
    assert set(listed) == set(WITHHELD)
    assert not any(select(one["prePath"], shown) for one in listed.values())
    assert select(listed["Registrant Email"]["replacementPath"], shown)
    assert {one["method"] for one in listed.values()} == {"removal", "replacementValue"}


def test_a_card_has_an_id_that_stays_and_ties_no_domains_together() -> None:
    def ids(record: RddsRecord) -> list[str]:
        return [one["jscard"]["uid"] for one in document(record, View.JSCONTACT)["entities"][1:]]

    cheese = samples.GOLDEN["hidden"]
    assert ids(cheese) == ids(samples.GOLDEN["shown"])
    assert len({*ids(cheese), *ids(replace(cheese, name="butter.com"))}) == 4


def test_a_host_has_a_handle_only_in_a_repository_that_has_a_name() -> None:
    named = orjson.loads(rdap.nameserver_json(HOST, BASE_URL, repository_id="CLOAK"))
    assert re.fullmatch(r"H[0-9a-f]{20}-CLOAK", named["handle"])
    assert "handle" not in orjson.loads(rdap.nameserver_json(HOST, BASE_URL))
