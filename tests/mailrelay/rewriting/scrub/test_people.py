"""Whatever of an owner stands in a text, however it is written, is found; other texts stay as they are."""

import html
import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailrelay.identity import Identity
from mailrelay.rewriting.scrub import Scrubber
from mailrelay.rewriting.scrub.words import LEGAL_FORMS, PARTICLES, TITLES
from tests.mailrelay.rewriting.curious_reader import bare
from tests.mailrelay.world import OWNER, RELAY_ADDRESS, STRANGER

PEOPLE = Path(__file__).parents[5] / "shared" / "data" / "faker_registrants.jsonl"
SCRUBBER = Scrubber(OWNER.identity, (STRANGER,), relay_address=RELAY_ADDRESS, domain="example-bakery.org")
_FEW = 7


@cache
def people() -> list[dict[str, Any]]:
    """Synthetic registrants in 107 locales."""
    return [json.loads(line) for line in PEOPLE.read_text(encoding="utf-8").splitlines()]


def identity_of(person: dict[str, Any]) -> Identity:
    return Identity(
        mailboxes=(person["email"],),
        names=(person["name"],),
        phones=(person["phone"],),
        streets=(person["street"],),
        places=(f"{person['postcode']}, {person['city']}",),
        country=person["country"].upper(),
    )


def _phone(person: dict[str, Any], kind: int) -> str:
    try:
        number = phonenumbers.parse(person["phone"], person["country"].upper())
    except phonenumbers.NumberParseException:
        return str(person["phone"])
    return phonenumbers.format_number(number, kind)


def _spelled(person: dict[str, Any]) -> str:
    local_part, _, domain = person["email"].partition("@")
    return f"{local_part} at {domain.replace('.', ' dot ')}"


FORMS: dict[str, Callable[[dict[str, Any]], str]] = {
    "name": lambda person: person["name"],
    "name in capitals": lambda person: person["name"].upper(),
    "name, family first": lambda person: ", ".join(person["name"].split(maxsplit=1)[::-1]),
    "mailbox": lambda person: person["email"],
    "mailbox in capitals": lambda person: person["email"].upper(),
    "mailbox with a tag": lambda person: person["email"].replace("@", "+shop@"),
    "mailbox spelled": _spelled,
    "phone": lambda person: person["phone"],
    "international phone": lambda person: _phone(person, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
    "national phone": lambda person: _phone(person, phonenumbers.PhoneNumberFormat.NATIONAL),
    "street": lambda person: person["street"],
    "postal code and city": lambda person: f"{person['postcode']} {person['city']}",
    "city and postal code": lambda person: f"{person['city']}, {person['postcode']}",
}
WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "percent escapes": lambda text: "".join(f"%{octet:02X}" for octet in text.encode()),
    "markup within": lambda text: text[:2] + "<wbr>" + text[2:],
    "invisible within": lambda text: text[:2] + "\u200b" + text[2:],
    "two lines": lambda text: text.replace(" ", "\r\n", 1),
    "JSON escapes": json.dumps,
    "HTML": html.escape,
}


@pytest.mark.skipif(not PEOPLE.exists(), reason="the shared test data are not here")
@settings(deadline=None, max_examples=300)
@given(st.integers(0, 4000), st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(WRITINGS)))
def test_what_is_an_owners_is_found_and_replaced(number: int, kind: str, writing: str) -> None:
    person = people()[number]
    form = FORMS[kind](person)
    written = WRITINGS[writing](form)
    # A number of a few digits, or a word of a few letters, is no more his than anybody's.
    assume(
        len(bare(_phone(person, phonenumbers.PhoneNumberFormat.NATIONAL) if "phone" in kind else form))
        >= _FEW
    )
    text = f"Well, it is {written} for now."

    scrubber = Scrubber(identity_of(person))
    assert scrubber.hits(text, "text")
    sent = scrubber.text(text)
    assert scrubber.hits(sent, "text") == ()
    assert bare(form) not in bare(sent)


@pytest.mark.skipif(not PEOPLE.exists(), reason="the shared test data are not here")
@settings(deadline=None)
@given(st.integers(0, 4000), st.randoms(use_true_random=False), st.sampled_from([" ", ", ", "_", "."]))
def test_any_two_names_of_several_name_the_owner(number: int, chance: random.Random, between: str) -> None:
    person = people()[number]
    names = [name for name in re.split(r"[\s-]+", person["name"]) if len(bare(name)) > 1]
    names = [name for name in names if bare(name) not in TITLES | PARTICLES | LEGAL_FORMS]
    assume(len(names) > 1 and "," not in person["name"])
    two = between.join(chance.sample(names, 2))
    assume(len(bare(two)) >= _FEW)
    assert Scrubber(identity_of(person)).hits(f"offer of {two}", "subject")


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_other_text_comes_back_unchanged(text: str) -> None:
    assert SCRUBBER.text(text) == text
    assert SCRUBBER.html(text) == text


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Zoë", "Müller-", "Lefèvre", "<b>", "&#64;", "@", "home", ".", "%40", "\n", "7"])
    )
)
def test_nothing_is_left_to_replace_after_replacing(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert SCRUBBER.hits(SCRUBBER.text(text), "text") == ()
    # A name that runs on behind a tag into another word is not replaced; the last look holds it.
    if "home" not in pieces:
        assert SCRUBBER.hits(SCRUBBER.html(text), "html") == ()
