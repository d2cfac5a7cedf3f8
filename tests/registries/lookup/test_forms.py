"""Whatever its form, a trace is found at its line; strangers are not found; no answer takes long to read."""

import base64
import json
import random
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.lookup.document import Document
from registries.lookup.evidence import Evidence, Hit
from registries.lookup.fetching import MOST_OCTETS
from registries.lookup.forms import DECODERS, Decoder, base64_octets
from registries.lookup.readings import read
from registries.lookup.verdict import Doubt, Expectation, Verdict, judge
from tests.registries.lookup.planting import FORMS, HOSTILE, can_be_planted, places, planted
from tests.registries.lookup.samples import documents, needs_samples, registrants
from tests.registries.lookup.test_evidence import DOMAIN, HOLDER, PROXY

EVIDENCE = Evidence(HOLDER, [PROXY])


def hits(text: str, source: str = "whois") -> tuple[Hit, ...]:
    return EVIDENCE.hits(read(Document(source, text), DOMAIN))


@pytest.mark.parametrize(
    ("line", "field", "form"),
    [
        ("Name: Zoë Müller-Sánchez", "name", "plain"),
        ("Sánchez Müller Zoë", "name", "turned"),
        ("Z o e   M u e l l e r   S a n c h e z", "name", "spaced"),
        ("ZoeMuellerSanchez", "name", "joined"),
        ("Zoë Sánchez", "name", "partial"),
        ("contact: Z. Müller-Sánchez", "name", "partial"),
        ("First name: Zoë\nLast name: Müller-Sánchez", "name", "apart"),
        ("Hauptstr. 12", "street", "abbreviated"),
        ("12, Hauptstraße", "street", "turned"),
        ("zoe.m+whois@mueller.example", "email", "tagged"),
        ("zoe\\.m.mueller.example", "email", "joined"),
        ("zoe.m=mueller.example@relay.example", "email", "joined"),
        ("=?iso-8859-1?Q?Zo=EB_M=FCller?= =?utf-8?B?LVPDoW5jaGV6?=", "name", "encoded-word"),
        ("=?utf-8?Q?Zo=C3=AB_M?= =?utf-8?Q?=C3=BCller-S=C3=A1nchez?=", "name", "encoded-word"),
        ("Zo=C3=AB M=C3=BCller-S=\n=C3=A1nchez", "name", "quoted-printable"),
        ("zoe.m%2540mueller.example%2C", "email", "percent"),
        ("zoe.m&amp;#64;mueller.example", "email", "entities"),
        ("zoe.m\\x40mueller.example", "email", "escapes"),
        ("Zo\\303\\253 M\\303\\274ller", "name", "escapes, partial"),
        ("<td>Zo<wbr>ë</td><td>Mül<!-- -->ler-Sánchez</td>", "name", "tags"),
        ("7a6f652e6d406d75656c6c65722e6578616d706c65", "email", "hex"),
        ("7a 6f 65 2e 6d 40 6d 75 65 6c 6c 65 72 2e 65 78 61 6d 70 6c 65", "email", "hex"),
        ("Zoë Müller-Sán\u0441hez", "name", "plain"),
    ],
)
def test_a_trace_is_told_by_its_form_and_line(line: str, field: str, form: str) -> None:
    found = {hit.field: hit for hit in hits(f"first\r\n{line}\r\nlast")}
    assert found[field] == Hit(field, form, 2)


def test_base64_is_found_broken_into_lines_and_glued_to_what_stands_before() -> None:
    card = f"{'x' * 40} {HOLDER.name}, {HOLDER.email} {'y' * 40}".encode()
    encoded = base64.b64encode(card).decode()
    broken = "\n".join(encoded[place : place + 64] for place in range(0, len(encoded), 64))
    assert {hit.field for hit in hits(f"a\nb {broken}\nc")} == {"name", "email"}
    for glue in ("/", "x/", "xy/", "xyz/"):
        assert "email" in {hit.field for hit in hits(f"{glue}{encoded}")}


def test_json_is_told_by_the_line_where_a_value_begins() -> None:
    value = {
        "entities": [{"vcardArray": ["vcard", [["fn", {}, "text", "Zo\u00eb M\u00fcller-S\u00e1nchez"]]]}]
    }
    text = json.dumps(value, indent=1)
    assert hits(text, "rdap") == (Hit("name", "plain", 1 + text[: text.index("Zo\\u00eb")].count("\n")),)


def test_a_key_that_nobody_gave_a_name_is_read_too() -> None:
    assert hits(json.dumps({"zoe.m@mueller.example": True}), "rdap") == (Hit("email", "plain", 1),)


def test_the_name_of_a_member_is_no_trace() -> None:
    """Lang is a family name, and a member of every answer."""
    evidence = Evidence(replace(HOLDER, name="Lang"))
    assert evidence.hits(read(Document("rdap", '{"lang": "en", "null": null}'), DOMAIN)) == ()


@pytest.mark.parametrize("street", ["Suite 200", "Floor 2", "Apt. 318", "PO Box 3", "12"])
def test_what_stands_beside_a_street_in_anybodys_address_is_nobodys(street: str) -> None:
    evidence = Evidence(replace(HOLDER, street=(street,)))
    assert evidence.hits(read(Document("whois", f"Registrant Street: {street}"), DOMAIN)) == ()


@pytest.mark.parametrize("unit", HOSTILE)
def test_an_answer_that_keeps_us_busy_is_judged_and_not_clean(unit: str) -> None:
    """What grows with the square of its length would not end."""
    text = (unit * (1 + MOST_OCTETS // len(unit))).encode()[:MOST_OCTETS].decode(errors="ignore")
    source = "rdap" if '"' in unit else "whois"
    assert judge(Document(source, text), Expectation(DOMAIN, EVIDENCE)).verdict is Verdict.UNKNOWN


def test_what_is_too_long_to_be_read_in_every_form_is_not_clean() -> None:
    text = f"Domain Name: {DOMAIN}\nRegistrar: x\n" + "&eacute;%C3%A9=C3=A9\\u00e9<b>é" * 2000
    assert judge(Document("whois", text), Expectation(DOMAIN, EVIDENCE)).doubt is Doubt.CUT_OFF


def test_a_number_of_thousands_of_digits_is_no_error() -> None:
    assert hits(f"&#{'9' * 5000};") == ()


@given(st.text(), st.sampled_from(DECODERS))
def test_a_decoder_takes_any_line(line: str, decoder: Decoder) -> None:
    decoder.decode(line)


@given(st.binary(min_size=1))
def test_base64_is_read_in_both_alphabets_with_and_without_padding(octets: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        token = encode(octets).decode()
        assert base64_octets(token) == base64_octets(token.rstrip("=")) == octets


@settings(max_examples=60)
@given(st.text(alphabet=string.printable), st.sampled_from(sorted(FORMS)), st.randoms(use_true_random=False))
def test_any_text_may_stand_around_a_trace(text: str, form: str, chance: random.Random) -> None:
    """At a line of its own; glued into other words, nobody could read it."""
    answer, line = planted(Document("whois", f"{text}\n"), f"  {FORMS[form](HOLDER)}  ", chance)
    found = EVIDENCE.hits(read(answer, DOMAIN))
    assert found, form
    assert line in {hit.line for hit in found} or "\n" in FORMS[form](HOLDER)


@pytest.mark.slow
@needs_samples
def test_registrants_planted_in_real_answers_are_found_in_thirty_forms() -> None:
    """One answer of sixteen; bench/bench_detector.py measures the whole set."""
    people = {who: Evidence(who) for who in registrants(every=40) if can_be_planted(who)}
    chance = random.Random(3)  # noqa: S311 - the same places in every run
    missed = []
    for name, document in [each for each in documents() if places(each[1])][::16]:
        for form, plant in FORMS.items():
            who = chance.choice(list(people))
            answer, line = planted(document, plant(who), chance)
            found = people[who].hits(read(answer, "stranger.example"))
            if line not in {hit.line for hit in found}:
                missed.append((name, form))
    assert (len(FORMS), missed) == (30, [])


@pytest.mark.slow
@needs_samples
def test_registrants_are_not_found_in_answers_about_others() -> None:
    """Every answer of the collections; registrants of whom none holds anything."""
    strangers = [Evidence(who) for who in registrants(every=860)]
    answers = [(name, read(document, "stranger.example")) for name, document in documents()]
    found = [name for name, readings in answers for stranger in strangers if stranger.hits(readings)]
    assert (len(answers) > 900, len(strangers), found) == (True, 5, [])
