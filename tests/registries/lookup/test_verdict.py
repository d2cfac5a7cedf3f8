"""No data is never clean, one leak is a leak, and every doubt is said by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.lookup.document import Document
from registries.lookup.evidence import Evidence
from registries.lookup.verdict import Doubt, Expectation, Finding, Verdict, judge, of_all, of_directory
from tests.registries.lookup.test_evidence import DOMAIN, HOLDER, PROXY

CLEAN, LEAK, UNKNOWN = Finding(Verdict.CLEAN), Finding(Verdict.LEAK, ("email",), ("rdap",)), Verdict.UNKNOWN
EARLIER = "zzzz9999zzzz9999zzzz@relay.example"
HIDDEN = Expectation(DOMAIN, Evidence(HOLDER, [PROXY]), (PROXY.email,), (PROXY.organization,), (EARLIER,))
FLAGGED = Expectation(DOMAIN, Evidence(HOLDER))
SHOWN = Expectation(DOMAIN, None, gone=(PROXY.email,))

_HEAD = "Domain Name: MUELLER.ORG\nRegistrar: Some Registrar\n"


@pytest.mark.parametrize(
    ("text", "expected", "verdict", "doubt"),
    [
        (f"Email: {PROXY.email}", HIDDEN, Verdict.CLEAN, None),
        (_HEAD + f"Organization: {PROXY.organization.upper()}", HIDDEN, Verdict.CLEAN, None),
        (f"Email: {PROXY.email}\nName: Zoe Mueller Sanchez", HIDDEN, Verdict.LEAK, None),
        (f"Email: {PROXY.email}\nTech Email: {EARLIER}", HIDDEN, UNKNOWN, Doubt.EARLIER_STATE),
        (f"Organization: {PROXY.organization}", HIDDEN, UNKNOWN, Doubt.OTHER_DOMAIN),
        (_HEAD + "Name: REDACTED FOR PRIVACY", HIDDEN, UNKNOWN, Doubt.NOT_SHOWN),
        ("", HIDDEN, UNKNOWN, Doubt.OTHER_DOMAIN),
        ("Query rate limit exceeded", HIDDEN, UNKNOWN, Doubt.OTHER_DOMAIN),
        (_HEAD + "Name: REDACTED FOR PRIVACY", FLAGGED, Verdict.CLEAN, None),
        ("Domain: mueller.org\nStatus: free", FLAGGED, UNKNOWN, Doubt.OTHER_DOMAIN),
        ("No match for mueller.org.", FLAGGED, UNKNOWN, Doubt.OTHER_DOMAIN),
        (_HEAD + "Name: Zoe Mueller Sanchez", SHOWN, Verdict.CLEAN, None),
        (_HEAD + f"Email: {PROXY.email}", SHOWN, UNKNOWN, Doubt.EARLIER_STATE),
        ("", SHOWN, UNKNOWN, Doubt.OTHER_DOMAIN),
    ],
)
def test_an_answer_is_clean_a_leak_or_says_why_nothing_can_be_said(
    text: str, expected: Expectation, verdict: Verdict, doubt: Doubt | None
) -> None:
    judged = judge(Document("whois", text), expected)
    assert (judged.verdict, judged.doubt) == (verdict, doubt)


def test_what_was_cut_off_can_leak_and_cannot_be_clean() -> None:
    text = f"Email: {PROXY.email}\n"
    assert judge(Document("whois", text, whole=False), HIDDEN).doubt is Doubt.CUT_OFF
    assert judge(Document("whois", text + HOLDER.email, whole=False), HIDDEN).verdict is Verdict.LEAK


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ({"objectClassName": "domain", "ldhName": "MUELLER.ORG."}, Verdict.CLEAN),
        ({"objectClassName": "domain", "ldhName": "other.org"}, UNKNOWN),
        ({"objectClassName": "nameserver", "ldhName": "mueller.org"}, UNKNOWN),
        ({"errorCode": 404, "title": "mueller.org"}, UNKNOWN),
        (["mueller.org"], UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_an_rdap_answer_is_about_the_domain_that_it_names(value: object, verdict: Verdict) -> None:
    assert judge(Document("rdap", json.dumps(value)), FLAGGED).verdict is verdict


def test_a_domain_is_known_by_either_of_its_names() -> None:
    expected = Expectation("xn--mller-kva.org", Evidence(HOLDER))
    answer = {"objectClassName": "domain", "unicodeName": "Müller.org"}
    assert judge(Document("rdap", json.dumps(answer)), expected) == CLEAN


@given(st.text(), st.sampled_from(["rdap", "whois"]))
def test_text_that_shows_nothing_of_the_wanted_state_is_never_clean(text: str, source: str) -> None:
    assert judge(Document(source, text), HIDDEN).verdict is not Verdict.CLEAN


NOTHING = Finding(UNKNOWN, doubt=Doubt.NOT_SHOWN)
STALE = Finding(UNKNOWN, doubt=Doubt.EARLIER_STATE)


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], UNKNOWN),
        ([NOTHING], UNKNOWN),
        ([NOTHING, CLEAN], Verdict.CLEAN),  # a thin registry and the registrar that it refers to
        ([CLEAN, STALE], UNKNOWN),
        ([CLEAN, LEAK, NOTHING], Verdict.LEAK),
    ],
)
def test_a_directory_and_those_it_refers_to(findings: list[Finding], verdict: Verdict) -> None:
    assert of_directory(findings).verdict is verdict


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], UNKNOWN),
        ([CLEAN, CLEAN], Verdict.CLEAN),
        ([CLEAN, NOTHING], UNKNOWN),
        ([NOTHING, LEAK], Verdict.LEAK),
    ],
)
def test_every_directory_must_be_clean(findings: list[Finding], verdict: Verdict) -> None:
    assert of_all(findings).verdict is verdict


def test_a_finding_names_all_that_was_found_and_where() -> None:
    other = Finding(Verdict.LEAK, ("name",), ("whois",))
    assert of_all([LEAK, other]) == Finding(Verdict.LEAK, ("email", "name"), ("rdap", "whois"))
