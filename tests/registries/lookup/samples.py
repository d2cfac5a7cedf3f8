"""Real WHOIS answers with the contacts that people found in them, where the shared data are at hand."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from registries.contact import Contact
from registries.lookup.document import Document
from registries.lookup.fetching import MOST_OCTETS

_ROOT = Path(__file__).parents[4] / "shared/data/rdds"
WEPPOS = _ROOT / "weppos_whois-parser/responses"

needs_samples = pytest.mark.skipif(not WEPPOS.exists(), reason="the samples of public answers are not here")

_DOMAIN = re.compile(r'^#domain\n\s+%s == "(.+)"', re.MULTILINE)
_CONTACTS = re.compile(r"^#(?:registrant|admin|technical)_contacts\n((?:  .*\n|\n(?=  ))*)", re.MULTILINE)
_VALUE = re.compile(r'%s\[(\d+)\]\.(\w+)\s+== "(.*)"')
_FIELDS = {
    "name": "name",
    "organization": "organization",
    "address": "street",
    "city": "city",
    "state": "region",
    "zip": "postal_code",
    "country_code": "country_code",
    "phone": "phone",
    "email": "email",
}


_CARD_FIELDS = {"fn": "name", "org": "organization", "email": "email"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer, and a contact that stands in it."""

    file: str
    domain: str
    raw: str
    contact: Contact


def samples() -> Iterator[Sample]:
    """Yield each answer with each of its contacts."""
    for file in sorted(WEPPOS.rglob("*.expected")):
        expected = file.read_text(encoding="utf-8", errors="replace")
        domain = _DOMAIN.search(expected)
        raw = file.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")
        for block in _CONTACTS.findall(expected) if domain else ():
            for contact in _contacts(block):
                yield Sample(str(file.relative_to(WEPPOS)), domain[1] if domain else "", raw, contact)


def _contacts(block: str) -> Iterator[Contact]:
    numbered: dict[str, dict[str, str]] = {}
    for number, key, value in _VALUE.findall(block):
        if key in _FIELDS:
            numbered.setdefault(number, {})[_FIELDS[key]] = value
    for values in numbered.values():
        yield contact_of(values)


def contact_of(values: dict[str, str]) -> Contact:
    """Return a contact of what is known; the rest is empty."""
    street = tuple(line for line in re.split(r"\\n|\n", values.pop("street", "")) if line)
    fields = dict.fromkeys(
        ("name", "organization", "city", "region", "postal_code", "country_code", "phone", "email"), ""
    )
    return Contact(street=street, **{**fields, **values})


def registrants(every: int) -> Iterator[Contact]:
    """Yield made-up registrants of many countries, one of so many."""
    lines = (_ROOT.parent / "faker_registrants.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines[::every]:
        row = json.loads(line)
        yield contact_of(
            {
                "name": row["name"],
                "organization": row["org"],
                "street": row["street"],
                "city": row["city"],
                "postal_code": row["postcode"],
                "country_code": row["country"],
                "phone": _e164(row["phone"], row["country"]),
                "email": row["email"],
            }
        )


def _e164(phone: str, country: str) -> str:
    """Return a number in the form of RFC 5733, as the service holds it; else as it is."""
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        number = phonenumbers.PhoneNumber()
    if not phonenumbers.is_possible_number(number):
        return phone
    return f"+{number.country_code}.{phonenumbers.national_significant_number(number)}"


def documents() -> Iterator[tuple[str, Document]]:
    """Yield every answer there is, with its name: WHOIS and RDAP, also those that are no use to a parser."""
    for file in sorted(_ROOT.rglob("*")):
        text = file.suffix in {".txt", ".json"} or (file.parent.name == "whois")
        if file.is_file() and text and file.name != "SOURCE.txt":
            source = "rdap" if file.suffix == ".json" else "whois"
            raw = file.read_text(encoding="utf-8", errors="replace")
            yield str(file.relative_to(_ROOT)), Document(source, raw)


def rdap_samples() -> Iterator[tuple[Document, set[Contact]]]:
    """Yield each RDAP document that is no longer than we read, with its jCards (RFC 7095)."""
    for file in sorted(_ROOT.rglob("*.json")):
        document = Document("rdap", file.read_text(encoding="utf-8", errors="replace"))
        if len(document.raw) <= MOST_OCTETS:
            yield document, {contact_of(_of_card(card)) for card in _cards(document.parsed)}


def _cards(root: object) -> Iterator[list[list[Any]]]:
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "vcardArray" in value:
                yield value["vcardArray"][1]
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _of_card(card: list[list[Any]]) -> dict[str, str]:
    """Return what a jCard holds; of several values of a kind the last."""
    found: dict[str, str] = {}
    for name, _, _, value, *_more in card:
        if name == "adr" and isinstance(value, list):
            _, _, street, city, region, code, *_country = [*value, "", ""]
            lines = street if isinstance(street, list) else [street]
            found |= {"street": "\n".join(lines), "city": city, "region": region, "postal_code": code}
        elif name == "tel":
            found["phone"] = value.removeprefix("tel:").partition(";")[0]
        elif name in _CARD_FIELDS:
            found[_CARD_FIELDS[name]] = value if isinstance(value, str) else " ".join(value)
    return found
