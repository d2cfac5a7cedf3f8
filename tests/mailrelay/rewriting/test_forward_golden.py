"""Forwarded letters, octet for octet, as files that people can read: what the wire gets, with LF for CRLF."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailrelay.message import canonical_line_ends
from tests.mailrelay.rewriting.test_forward import FACTS
from tests.mailrelay.rewriting.test_forward_additions import forward

_MAIL = Path(__file__).parents[2] / "data/mail"
_KNOWN = replace(
    FACTS,
    relay_address="q7x2m9k4w8@relay.example",
    authentication="mx.relay.example;\r\n\tspf=pass smtp.mailfrom=b.example;\r\n\tdkim=none;\r\n"
    "\tdmarc=fail policy.dmarc=none header.from=b.example",
    score=4.1,
    answer_url="https://relay.example/answer/0123456789",
    block_url="https://relay.example/block/0123456789",
    hint_key=b"a key of one owner, 32 octets..."[:32],
)
_CASES = {
    "plain": ("buyer_offer", _KNOWN),
    "banner_before_text": ("lawyer_german", replace(_KNOWN, banner=True, language="de")),
    "banner_beside_html": ("broker_html", replace(_KNOWN, banner=True, language="fr")),
    "original_attached": ("phishing_report", replace(_KNOWN, attach_original=True)),
    "mailing_list": ("mailing_list", _KNOWN),
}


@pytest.mark.parametrize("name", _CASES)
def test_a_letter_goes_out_exactly_as_in_the_golden_file(name: str) -> None:
    letter, facts = _CASES[name]
    folder = "forwarded/in" if letter == name else "honest"
    raw = (_MAIL / folder / f"{letter}.eml").read_bytes()
    golden = (_MAIL / "forwarded" / f"{name}.eml").read_bytes()
    assert forward(raw, facts).raw == canonical_line_ends(golden)
