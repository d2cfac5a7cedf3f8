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
from whoisproxy.publication import whois
from whoisproxy.publication.record import RddsContact

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
    return whois.render(samples.GOLDEN[name]).decode().split("\r\n")


@pytest.mark.parametrize("name", samples.GOLDEN)
def test_texts_match_the_golden_files(name: str) -> None:
    assert whois.render(samples.GOLDEN[name]) == (GOLDEN / f"{name}.txt").read_bytes()


def test_fields_stand_in_the_order_of_the_specification() -> None:
    text = lines()
    body = text[: next(at for at, line in enumerate(text) if line.startswith(">>> "))]
    assert [line.partition(":")[0] for line in body] == [label.strip() for label in ORDER.split(",")]


def test_every_line_ends_with_crlf_and_the_text_is_utf_8() -> None:
    sent = whois.render(samples.GOLDEN["shown"])
    assert sent.endswith(b"\r\n")
    assert sent.count(b"\n") == sent.count(b"\r") == sent.count(b"\r\n")
    assert "Registrant Name: Zoë Müller-Sánchez" in sent.decode()


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
    text = whois.render(replace(samples.GOLDEN["shown"], contacts=(contact,))).decode()
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
        whois.render(replace(samples.GOLDEN["shown"], contacts=(one,))).decode()
        for one in (replace(contact, street=("a",)), forged)
    )
    labels = [line.partition(":")[0] for line in plain.split("\r\n")]
    assert [line.partition(":")[0] for line in text.split("\r\n")] == labels
    assert text.splitlines() == text.removesuffix("\r\n").split("\r\n")


def test_a_common_client_reads_the_proxy_identity() -> None:
    parsed = python_whois.parser.WhoisEntry.load(
        "cheese.com", whois.render(samples.GOLDEN["hidden"]).decode()
    )
    assert parsed["registrar"] == "Gandalf Domains SA"
    assert parsed["org"] == samples.BRAND.organization
    assert samples.IDENTITIES[Role.REGISTRANT].relay_address in parsed["emails"]
