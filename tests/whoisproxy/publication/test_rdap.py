"""RDAP documents: golden files, and the rules of ICANN's conformance tool, each by its code."""

import re
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.whoisproxy.publication import samples
from whoisproxy.publication import rdap
from whoisproxy.publication.rdap.statuses import STATUSES

GOLDEN = Path(__file__).parents[2] / "data" / "rdap"
BASE_URL = "https://rdap.cloak.example"
REGISTRANT_JCARD = "$.entities[?(@.roles[0]=='registrant')].vcardArray[1]"


def document(name: str = "hidden") -> Any:
    return orjson.loads(rdap.domain_json(samples.GOLDEN[name], BASE_URL))


every_document = pytest.mark.parametrize("name", samples.GOLDEN)


def entity(shown: Any, role: str) -> Any:
    [found] = [one for one in shown["entities"] if role in one["roles"]]
    return found


def properties(of: Any) -> dict[str, Any]:
    return {name: (parameters, value) for name, parameters, _, value in of["vcardArray"][1]}


def notice(shown: Any, title: str) -> Any:
    [found] = [one for one in shown["notices"] if one["title"] == title]
    return found


def select(path: str, root: Any) -> list[Any]:
    """Evaluate the part of JSONPath (RFC 9535) that redactions use."""
    nodes = [root]
    for step in re.findall(r"\.\w+|\[\d+\]|\[\?\(.*?\)\]", path.removeprefix("$")):
        nodes = [found for node in nodes for found in _step(step, node)]
    return nodes


def _step(step: str, node: Any) -> list[Any]:
    if step.startswith("[?"):
        where, wanted = re.fullmatch(r"\[\?\(@(.*)=='(.*)'\)\]", step).groups()  # type: ignore[union-attr]
        return [item for item in node if select(where, item) == [wanted]]
    key: Any = int(step[1:-1]) if step.startswith("[") else step[1:]
    try:
        return [node[key]]
    except (KeyError, IndexError, TypeError):
        return []


@every_document
def test_documents_match_the_golden_files(name: str) -> None:
    assert document(name) == orjson.loads((GOLDEN / f"{name}.json").read_bytes())


@every_document
def test_10504_10505_61000_62000_conformance_is_declared_once_at_the_top(name: str) -> None:
    assert document(name)["rdapConformance"] == [
        "rdap_level_0",
        "icann_rdap_response_profile_1",
        "icann_rdap_technical_implementation_guide_1",
        "redacted",
    ]
    assert rdap.domain_json(samples.GOLDEN[name], BASE_URL).count(b"rdapConformance") == 1


@every_document
def test_122_only_members_of_rfc_9083_appear(name: str) -> None:
    assert set(document(name)) <= {
        "rdapConformance",
        "objectClassName",
        "ldhName",
        "unicodeName",
        "status",
        "events",
        "nameservers",
        "secureDNS",
        "entities",
        "links",
        "notices",
        "redacted",
    }


@every_document
def test_46100_46101_both_forms_of_an_idn_are_there(name: str) -> None:
    shown = document(name)
    expected = "xn--kse-mller-v2a2y.de" if name == "hidden-idn" else "cheese.com"
    assert shown["ldhName"] == expected
    assert shown.get("unicodeName") == ("käse-müller.de" if name == "hidden-idn" else None)


@every_document
def test_46200_to_46206_the_domain_id_is_redacted_by_removal(name: str) -> None:
    shown = document(name)
    [redaction] = [one for one in shown["redacted"] if one["name"] == {"type": "Registry Domain ID"}]
    assert "handle" not in shown
    assert redaction["prePath"] == "$.handle"
    assert redaction["method"] == "removal"


@every_document
def test_43100_46300_65500_events_are_there_once_each_in_utc(name: str) -> None:
    events = {event["eventAction"]: event["eventDate"] for event in document(name)["events"]}
    assert len(events) == len(document(name)["events"])
    assert events["registration"] == "2020-03-01T12:00:00Z"
    assert events["last update of RDAP database"] == "2026-11-24T02:15:00Z"
    assert events.get("registrar expiration") == (None if name == "reseller" else "2027-03-01T12:00:00Z")


@pytest.mark.parametrize(
    ("title", "rel", "href", "text"),
    [
        (
            "Status Codes",
            "glossary",
            "https://icann.org/epp",
            "For more information on domain status codes, please visit https://icann.org/epp",
        ),
        (
            "RDDS Inaccuracy Complaint Form",
            "help",
            "https://icann.org/wicf",
            "URL of the ICANN RDDS Inaccuracy Complaint Form: https://icann.org/wicf",
        ),
    ],
)
def test_466_467_prescribed_notices_have_their_words_and_links(
    title: str, rel: str, href: str, text: str
) -> None:
    found = notice(document(), title)
    assert found["description"] == [text]
    assert [(link["rel"], link["href"], link["value"]) for link in found["links"]] == [
        (rel, href, f"{BASE_URL}/domain/cheese.com")
    ]


@every_document
def test_61200_to_61202_there_is_one_link_to_the_terms_of_service(name: str) -> None:
    shown = document(name)
    links = [link for one in shown["notices"] for link in one["links"]]
    [terms] = [link for link in links if link["rel"] == "terms-of-service"]
    assert terms["href"] == samples.BRAND.terms_url
    assert terms["value"] == f"{BASE_URL}/domain/{shown['ldhName']}"


def test_46800_to_46802_secure_dns_is_there() -> None:
    assert document()["secureDNS"] == {"delegationSigned": False}


def test_46900_47100_active_stands_alone_and_for_nothing_else() -> None:
    assert document("reseller")["status"] == ["active"]
    for epp in ((), ("ok", "clientHold"), ("unheard of",)):
        shown = samples.record(registration=replace(samples.REGISTRATION, statuses=epp))
        status = orjson.loads(rdap.domain_json(shown, BASE_URL))["status"]
        assert status == (["client hold"] if "clientHold" in epp else ["active"])


def test_epp_statuses_have_the_names_of_rfc_8056() -> None:
    """The names differ by more than spelling in one case only: ok."""
    spelt = {
        epp: re.sub("([A-Z])", lambda upper: " " + upper[1].lower(), epp) for epp in STATUSES if epp != "ok"
    }
    assert spelt | {"ok": "active"} == STATUSES


@every_document
def test_472_name_servers_are_lower_case_and_without_a_final_dot(name: str) -> None:
    shown = document(name)["nameservers"]
    expected = [] if name == "reseller" else ["ns1.hoster.example", "ns2.hoster.example"]
    assert [one["ldhName"] for one in shown] == expected
    assert all(set(one) == {"objectClassName", "ldhName"} for one in shown)


@every_document
def test_473_there_is_one_registrar_with_a_name(name: str) -> None:
    assert properties(entity(document(name), "registrar"))["fn"] == ({}, "Gandalf Domains SA")


def test_474_the_registrar_is_known_by_its_iana_id_if_it_has_one() -> None:
    registrar = entity(document(), "registrar")
    assert registrar["handle"] == "9995"
    assert registrar["publicIds"] == [{"type": "IANA Registrar ID", "identifier": "9995"}]
    assert not {"handle", "publicIds"} & set(entity(document("reseller"), "registrar"))


@every_document
def test_475_the_registrars_abuse_contact_has_telephone_and_mailbox(name: str) -> None:
    [abuse] = entity(document(name), "registrar")["entities"]
    assert abuse["roles"] == ["abuse"]
    assert properties(abuse)["tel"] == ({"type": "voice"}, "tel:+41225550101")
    assert properties(abuse)["email"] == ({}, "abuse@cloak.example")


@every_document
def test_47600_no_contact_needs_a_handle_that_we_do_not_know(name: str) -> None:
    roles = Counter(role for one in document(name)["entities"] for role in one["roles"])
    assert set(roles) <= {"registrar", "registrant", "technical"}
    assert roles["registrar"] == roles["registrant"] == 1


def test_47700_to_47703_the_registrars_link_names_its_rdap_service() -> None:
    link, _ = entity(document(), "registrar")["links"]
    assert (link["rel"], link["value"], link["href"]) == (
        "about",
        f"{BASE_URL}/",
        "https://gandalf.example",
    )


@every_document
def test_62101_every_contact_names_its_country_by_code(name: str) -> None:
    for one in document(name)["entities"][1:]:
        parameters, value = properties(one)["adr"]
        assert re.fullmatch("[A-Z]{2}", parameters["cc"])
        assert len(value) == 7
        assert value[6] == ""


@every_document
def test_12305_jcards_start_with_a_version_and_hold_whole_properties(name: str) -> None:
    def jcards(entities: Any) -> Any:
        for one in entities:
            yield one["vcardArray"]
            yield from jcards(one.get("entities", []))

    for kind, lines in jcards(document(name)["entities"]):
        assert kind == "vcard"
        assert lines[0] == ["version", {}, "text", "4.0"]
        assert all(len(line) == 4 and isinstance(line[1], dict) for line in lines)


# Part of a contact -> (registered name, method, JSONPath below the jCard).
RULES = {
    "632 to 637 name": ("Registrant Name", "emptyValue", "[?(@[0]=='fn')][3]"),
    "633 organization": ("Registrant Organization", "removal", "[?(@[0]=='org')]"),
    "634 street": ("Registrant Street", "emptyValue", "[?(@[0]=='adr')][3][2]"),
    "635 city": ("Registrant City", "emptyValue", "[?(@[0]=='adr')][3][3]"),
    "636 postal code": ("Registrant Postal Code", "emptyValue", "[?(@[0]=='adr')][3][5]"),
    "637 phone": ("Registrant Phone", "removal", "[?(@[1].type=='voice')]"),
}


@pytest.mark.parametrize("rule", RULES)
@every_document
def test_632_to_637_a_part_is_redacted_exactly_where_it_is_said_to_be(name: str, rule: str) -> None:
    kind, method, below = RULES[rule]
    shown = document(name)
    said = [one for one in shown["redacted"] if one["name"] == {"type": kind}]
    found = select(REGISTRANT_JCARD + below, shown)
    if name == "withheld-by-registry":
        assert [one["method"] for one in said] == [method]
        path = said[0]["prePath" if method == "removal" else "postPath"]
        assert select(path, shown) == found == ([] if method == "removal" else [""])
    else:
        assert not said
        assert found
        assert found != [""]


@every_document
def test_631_657_contacts_ids_are_redacted_by_removal(name: str) -> None:
    shown = document(name)
    ids = {one["name"]["type"]: one for one in shown["redacted"] if one["name"]["type"].endswith("ID")}
    tech = {} if name == "withheld-by-registry" else {"Registry Tech ID"}
    assert set(ids) == {"Registry Domain ID", "Registry Registrant ID", *tech}
    assert all(one["method"] == "removal" and not select(one["prePath"], shown) for one in ids.values())


@every_document
def test_641_652_an_address_or_a_page_to_write_to_is_always_there_and_never_both(name: str) -> None:
    shown = document(name)
    said = {one["name"]["type"]: one for one in shown["redacted"] if "Email" in one["name"]["type"]}
    for role, prefix in (("registrant", "Registrant"), ("technical", "Tech")):
        for one in (one for one in shown["entities"] if role in one["roles"]):
            present = properties(one)
            assert ("email" in present) is not ("contact-uri" in present)
            assert (f"{prefix} Email" in said) is ("contact-uri" in present)
    for one in said.values():
        assert one["method"] == "replacementValue"
        assert select(one["replacementPath"], shown)
        assert not select(one["prePath"], shown)


@every_document
def test_658_redactions_use_registered_names(name: str) -> None:
    assert all(set(one["name"]) == {"type"} for one in document(name)["redacted"])


def test_a_natural_person_has_an_empty_organisation_and_no_redaction() -> None:
    """63300 takes a missing organisation for a redacted one."""
    person = replace(samples.REGISTRATION, registrant=replace(samples.REGISTRANT, organization=""))
    shown = orjson.loads(rdap.domain_json(samples.record(samples.OFF, registration=person), BASE_URL))
    assert properties(entity(shown, "registrant"))["org"] == ({}, "")


def test_documents_of_different_states_differ() -> None:
    sent = [rdap.domain_json(shown, BASE_URL) for shown in samples.GOLDEN.values()]
    assert all(first != second for first, second in combinations(sent, 2))


def test_12100_errors_carry_their_code_and_the_terms() -> None:
    body = orjson.loads(
        rdap.error_json(404, "Not Found", "No.", terms_url="https://t.example/", queried_url="https://q/x")
    )
    assert (body["errorCode"], body["title"], body["description"]) == (404, "Not Found", ["No."])
    assert "redacted" not in body["rdapConformance"]
    assert body["notices"][0]["links"][0]["value"] == "https://q/x"


def test_125_help_describes_the_service() -> None:
    body = orjson.loads(rdap.help_json("https://t.example/", f"{BASE_URL}/help"))
    assert body["rdapConformance"][0] == "rdap_level_0"
    titles = [one["title"] for one in body["notices"]]
    assert titles == ["Help", "Terms of Service", "Status Codes", "RDDS Inaccuracy Complaint Form"]
