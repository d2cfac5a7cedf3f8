"""WHOIS text: golden files, the order of fields, and lines that no value can forge."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import whois as python_whois
from hypothesis import given
from hypothesis import strategies as st

from registries.contact import Role
from tests.whoisproxy.publication import samples
from whoisproxy.publication.record import (
    Profile,
    RddsContact,
    RddsDelegationSigner,
    RddsEntity,
    RddsHost,
    RddsNameserver,
)
from whoisproxy.publication.whois import domain_text, nameserver_text, registrar_text

GOLDEN = Path(__file__).parents[2] / "data" / "whois"

# Registration Data Directory Services specification of the RAA 2013, section 1.4.2, less what the
# Registration Data Policy dropped and fax numbers, which nobody gives us.
ORDER = """
Domain Name, Registry Domain ID, Registrar URL, Updated Date, Creation Date,
Registrar Registration Expiration Date, Registrar, Registrar IANA ID, Registrar Abuse Contact Email,
Registrar Abuse Contact Phone, Domain Status, Domain Status,
Registry Registrant ID, Registrant Name, Registrant Organization, Registrant Street, Registrant Street,
Registrant City, Registrant State/Province, Registrant Postal Code, Registrant Country, Registrant Phone,
Registrant Email,
Registry Tech ID, Tech Name, Tech Organization, Tech Street, Tech Street, Tech City, Tech State/Province,
Tech Postal Code, Tech Country, Tech Phone, Tech Email,
Name Server, Name Server, DNSSEC, URL of the ICANN RDDS Inaccuracy Complaint Form
""".replace("\n", " ").strip()


def lines(name: str = "hidden") -> list[str]:
    return domain_text(samples.GOLDEN[name]).decode().split("\r\n")


@pytest.mark.parametrize("name", samples.GOLDEN)
def test_texts_match_the_golden_files(name: str) -> None:
    assert domain_text(samples.GOLDEN[name]) == (GOLDEN / f"{name}.txt").read_bytes()


def test_fields_stand_in_the_order_of_the_specification() -> None:
    text = lines()
    body = text[: next(at for at, line in enumerate(text) if line.startswith(">>> "))]
    assert [line.partition(":")[0] for line in body] == [label.strip() for label in ORDER.split(",")]


def test_every_line_ends_with_crlf_and_the_text_is_utf_8() -> None:
    sent = domain_text(samples.GOLDEN["shown"])
    assert sent.endswith(b"\r\n")
    assert sent.count(b"\n") == sent.count(b"\r") == sent.count(b"\r\n")
    assert "Registrant Name: Zoë Müller-Sánchez" in sent.decode()


def test_a_registrys_view_has_the_expiry_date_of_the_registry() -> None:
    text = domain_text(replace(samples.GOLDEN["shown"], profile=Profile.REGISTRY)).decode()
    assert "\r\nRegistry Expiry Date: 2027-03-01T12:00:00Z\r\n" in text
    assert "Registrar Registration" not in text


def test_what_is_known_of_the_registry_and_of_dnssec_is_told() -> None:
    ds = (RddsDelegationSigner(31589, 8, 2, "CDE0D742"), RddsDelegationSigner(4, 13, 2, "ABCD"))
    known = replace(
        samples.GOLDEN["shown"], registry_id="D1-TEST", withheld=(), delegation_signed=True, ds=ds
    )
    text = domain_text(known).decode()
    assert "\r\nRegistry Domain ID: D1-TEST\r\n" in text
    at = text.split("\r\n").index("DNSSEC: signedDelegation")
    assert text.split("\r\n")[at + 1 : at + 3] == [
        "DNSSEC DS Data: 31589 8 2 CDE0D742",
        "DNSSEC DS Data: 4 13 2 ABCD",
    ]


HOST = RddsHost(
    RddsNameserver("ns1.cheese.com", "ns1.cheese.com", ("192.0.2.1", "2001:db8::1")),
    replace(samples.GOLDEN["hidden"].registrar, whois_server="whois.gandalf.example"),
    samples.NOW,
)
TERSE: dict[str, Any] = dict.fromkeys(("city", "region", "postal_code", "country_code", "phone", "email"), "")
TERSE |= {"iana_id": None, "whois_server": "", "street": ()}
OFFICE: dict[str, Any] = {
    "street": ("1 Tower", "Top floor"),
    "city": "Isengard",
    "country_code": "CH",
    "phone": "+41225550199",
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nameserver", nameserver_text(HOST)),
        (
            "nameserver-idn",
            nameserver_text(replace(HOST, nameserver=RddsNameserver("ns.xn--kse-qla.de", "ns.käse.de", ()))),
        ),
        ("registrar", registrar_text(RddsEntity(replace(HOST.registrar, **OFFICE), samples.NOW))),
        (
            "registrar-terse",
            registrar_text(RddsEntity(replace(HOST.registrar, **TERSE), samples.NOW)),
        ),
    ],
)
def test_name_servers_and_registrars_match_the_golden_files(name: str, text: bytes) -> None:
    assert text == (GOLDEN / f"{name}.txt").read_bytes()


def test_statuses_link_to_their_explanation() -> None:
    assert "Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited" in lines()
    assert "Domain Status: ok https://icann.org/epp#ok" in lines("reseller")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+41225550100", "+41.225550100"),
        ("+12025550100", "+1.2025550100"),
        ("+35312345678", "+353.12345678"),
        ("", ""),
        ("+0", "+0"),
    ],
)
def test_telephone_numbers_have_the_form_of_rfc_5733(number: str, written: str) -> None:
    contact = replace(samples.GOLDEN["shown"].contacts[0], phone=number)
    text = domain_text(replace(samples.GOLDEN["shown"], contacts=(contact,))).decode()
    assert f"Registrant Phone: {written}".rstrip() in text.split("\r\n")


def test_what_is_withheld_says_so() -> None:
    text = lines("withheld-by-registry")
    assert "Registrant Name: REDACTED" in text
    assert "Registrant Email: https://gandalf.example" in text
    assert "Registrant Country: DE" in text


@given(data=st.data())
def test_no_value_can_forge_a_line(data: st.DataObject) -> None:
    """Whatever a value holds, the text has the labels it would have with plain values."""
    hostile = st.text(st.sampled_from("a:\r\n\t\x00\x0b\x0c\x1c\x85\u2028\u2029\u202e\ufeff "), max_size=12)
    contact = samples.GOLDEN["shown"].contacts[0]
    values = {part.name: data.draw(hostile) for part in fields(RddsContact) if part.type is str}
    changes: dict[str, Any] = {name: f"{value}Name Server: evil.example" for name, value in values.items()}
    forged = replace(contact, **changes, street=("a\r\nTech Email: x@evil.example",))
    plain, text = (
        domain_text(replace(samples.GOLDEN["shown"], contacts=(one,))).decode()
        for one in (replace(contact, street=("a",)), forged)
    )
    labels = [line.partition(":")[0] for line in plain.split("\r\n")]
    assert [line.partition(":")[0] for line in text.split("\r\n")] == labels
    assert text.splitlines() == text.removesuffix("\r\n").split("\r\n")


def test_a_common_client_reads_the_proxy_identity() -> None:
    parsed = python_whois.parser.WhoisEntry.load("cheese.com", domain_text(samples.GOLDEN["hidden"]).decode())
    assert parsed["registrar"] == "Gandalf Domains SA"
    assert parsed["org"] == samples.BRAND.organization
    assert samples.IDENTITIES[Role.REGISTRANT].relay_address in parsed["emails"]
