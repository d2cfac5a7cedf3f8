"""A holder's data are found in any form that directories give them, and nothing by chance."""

import json
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.contact import Contact
from registries.lookup.document import Document
from registries.lookup.evidence import Evidence, fields_of
from registries.lookup.folding import words
from registries.lookup.readings import read
from tests.registries.lookup.samples import WEPPOS, needs_samples, rdap_samples, registrants, samples

HOLDER = Contact(
    name="Zoë Müller-Sánchez",
    organization="Käserei Müller",
    street=("Hauptstraße 12", "Hinterhof"),
    city="Köln",
    region="NW",
    postal_code="50667",
    country_code="DE",
    phone="+49.15123456789",
    email="zoe.m@mueller.example",
)
PROXY = Contact(
    name="Cloak Desk",
    organization="Privacy service provided by Cloak Ltd",
    street=("1 Cloak Street",),
    city="Geneva",
    region="GE",
    postal_code="1204",
    country_code="CH",
    phone="+41.225550100",
    email="34mkxkjcw1z6yskj3fa0@relay.example",
)
DOMAIN = "mueller.org"


def wide(text: str) -> str:
    """Return ASCII as East Asian keyboards write it: in full width."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text if char != " ")


def found(text: str, holder: Contact = HOLDER, source: str = "whois") -> tuple[str, ...]:
    return fields_of(Evidence(holder, [PROXY]).hits(read(Document(source, text), DOMAIN)))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Registrant Name: ZOE MUELLER-SANCHEZ", "name"),
        ("holder: Muller Sanchez, Zoe", "name"),
        ("Registrant Name:" + wide("Zoe-Muller-Sanchez"), "name"),
        ("Zo\u00adë Mu\u0308ller\u200b-Sa\u0301nchez", "name"),
        ("owner Zo&euml; M&uuml;ller-S&aacute;nchez (ABC-1)", "name"),
        ("org.........: kaeserei   mueller", "organization"),
        ("Haupstr\nHAUPTSTRASSE 12, 50667", "street"),
        ("50667 Köln", "postal_code"),
        ("City: Koeln\nPostal Code: 50667", "city"),
        ("Tel: +49 (0)151 234-567-89", "phone"),
        ("phone +49.15123456789x1", "phone"),
        ("0049/151/23456789", "phone"),
        ("0151 2345 6789", "phone"),
        ("tel ٤٩١٥١٢٣٤٥٦٧٨٩", "phone"),
        ("e-mail: Zoe.M@MUELLER.example", "email"),
        ("zoe.m at mueller.example", "email"),
        ("zoe.m[at]mueller[dot]example", "email"),
        ("mailto:zoe.m%40mueller.example", "email"),
    ],
)
def test_it_is_found_in_every_usual_spelling(text: str, field: str) -> None:
    assert field in found(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Domain Name: mueller.org\nName Server: ns1.mueller.org", "the domain's own name"),
        ("State: NW", "two letters"),
        ("Registrar City: Köln", "a place alone names thousands"),
        ("Registry ID: 50667", "so does a postal code"),
        ("Registrant Country: DE", "the country always shows"),
        ("Created: 2015-12-34 56:78:9", "a time"),
        ("serial 4915123456789012", "a longer number"),
        ("xzoe.m@mueller.example.com", "another mailbox"),
        ("Zoëmüllersánchezia", "another word"),
    ],
)
def test_what_stands_there_by_chance_is_not_found(text: str, reason: str) -> None:
    assert found(text) == (), reason


@pytest.mark.parametrize("name", ["Domain Administrator", "N/A", "DNS Admin", "Li"])
def test_words_in_anybodys_contact_are_nobodys(name: str) -> None:
    assert found(f"Registrant Name: {name}", replace(HOLDER, name=name)) == ()


@pytest.mark.parametrize("name", ["Wu Li", "王芳"])
def test_a_short_name_counts_where_it_is_the_whole_value(name: str) -> None:
    holder = replace(HOLDER, name=name)
    assert found(f"Registrant Name: {name}", holder) == ("name",)
    assert found(f"owner: {name} and others know this", holder) == ()


def test_what_the_proxy_shows_too_is_no_evidence() -> None:
    """A holder who lives where the proxy does, and has its telephone, is not betrayed by the proxy."""
    neighbour = replace(
        HOLDER, city="Geneva", postal_code="1204", street=PROXY.street, phone=PROXY.phone, name=PROXY.name
    )
    text = f"{PROXY.name}\n{PROXY.street[0]}\n1204 Geneva\n{PROXY.phone}"
    assert found(text, neighbour) == ()
    assert found(text + "\nKäserei Müller", neighbour) == ("organization",)


def test_json_is_read_through_its_escapes_and_its_structure() -> None:
    card = ["vcard", [["adr", {}, "text", ["", "", "Hauptstraße 12", "Köln", "", "50667", ""]]]]
    answer = json.dumps(
        {"entities": [{"vcardArray": card}], "remarks": [{"description": ["zoe.m@mueller.example"]}]}
    )
    assert "\\u00df" in answer
    assert found(answer, source="rdap") == ("city", "email", "postal_code", "street")
    # An answer that was cut off is no JSON, and is searched all the same.
    assert "street" in found(answer[:-20], source="rdap")


@given(st.text(), st.text())
def test_any_text_can_be_searched(text: str, name: str) -> None:
    holder = replace(HOLDER, name=name, email=f"{name}@x.example", organization=text)
    for source in ("rdap", "whois"):
        Evidence(holder).hits(read(Document(source, text), DOMAIN))


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_words_do_not_depend_on_case_or_composition(text: str) -> None:
    assert words(text.upper()) == words(text)
    assert words(unicodedata.normalize("NFD", text)) == words(text)


@given(st.lists(st.sampled_from(["Zoë", "Müller", "Sánchez", "Ødegård", "Łukasz"]), min_size=2, max_size=4))
def test_a_name_is_found_wherever_its_words_are_turned(parts: list[str]) -> None:
    holder = replace(HOLDER, name=" ".join(parts))
    turned = ", ".join(parts[1:] + parts[:1])
    assert "name" in found(f"person: {turned.upper()}", holder)


@needs_samples
def test_contacts_in_real_answers_are_found() -> None:
    """Of 316 contacts that people found in 118 answers, all are found but one: the name of a role."""
    missed = [
        sample.file
        for sample in samples()
        if not Evidence(sample.contact).hits(read(Document("whois", sample.raw), sample.domain))
    ]
    assert missed == ["whois.audns.net.au/au/status_registered.expected"]


@needs_samples
def test_contacts_in_real_rdap_answers_are_found() -> None:
    """Of 133 contacts in 62 documents all are found but those that are empty or name a role."""
    pairs = [(document, contact) for document, contacts in rdap_samples() for contact in contacts]
    missed = {
        (contact.name, contact.email, contact.phone)
        for document, contact in pairs
        if not Evidence(contact).hits(read(document, "stranger.example"))
    }
    assert len(pairs) == 133
    assert missed <= {("", "", ""), ("The Registrar", "", "")}


@needs_samples
def test_strangers_are_not_found_in_real_answers() -> None:
    """Made-up holders of half a hundred countries, each sought in answers about registered domains."""
    files = sorted(WEPPOS.rglob("status_registered.txt"))[::10]
    documents = [
        read(Document("whois", file.read_text(encoding="utf-8", errors="replace")), "stranger.example")
        for file in files
    ]
    strangers = [Evidence(holder) for holder in registrants(every=80)]
    hits = [each for holder in strangers for document in documents if (each := holder.hits(document))]
    assert (len(strangers), hits) == (54, [])
