"""The letter about held mail, octet for octet in five languages, as files that people can read."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.checks.explanations import why
from mailrelay.content.kinds import MailClass
from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.queue.entry import NoteOfVerdict
from mailrelay.rewriting.digest import DigestEntry, DigestFacts, build_digest
from mailrelay.rewriting.owner_words import languages

_GOLDEN = Path(__file__).parents[2] / "data/mail/digests"
_SPAM = (NoteOfVerdict("content-score", "quarantine", "prize-and-free lying-link like-known-spam", 7.2),)
_DMARC = (NoteOfVerdict("dmarc-policy", "quarantine", "dmarc-quarantine"),)
_MALWARE = (NoteOfVerdict("clamav", "quarantine", "malware"),)
_PAGES = "https://mail.registrar.example"
_FACTS = DigestFacts(
    relay_domain="relay.example",
    language="en",
    now=datetime(2026, 11, 26, 6, 30, tzinfo=UTC),
    entries=(),
    count=4,
    days=30,
    private=False,
    all_url=f"{_PAGES}/q/0123456789",
    settings_url=f"{_PAGES}/d/0123456789",
)


def _entries(language: str) -> tuple[DigestEntry, ...]:
    return (
        DigestEntry(
            "example.org", MailClass.LEGAL, why(_DMARC, language), f"{_PAGES}/m/1",
            "Kanzlei Müller <office@law.example>", "Abmahnung wegen www.example.org",
        ),
        DigestEntry(
            "example.com", MailClass.SCAM, why(_SPAM, language), f"{_PAGES}/m/2",
            "Lucky Winner Desk <claims@xn--pypal-4ve.example>",
            "You have WON $1,500,000.00! Claim it at http://203.0.113.77/claim or paypal.example now, " * 3,
        ),
        DigestEntry(
            "example.com", MailClass.OTHER, why(_MALWARE, language), f"{_PAGES}/m/3", "", "", dangerous=True
        ),
    )  # fmt: skip


def _fixed(raw: bytes) -> bytes:
    return re.sub(rb"Message-ID: <[0-9a-f]{32}@", b"Message-ID: <0@", raw)


@pytest.mark.parametrize("language", languages())
def test_a_digest_goes_out_exactly_as_in_the_golden_file(language: str) -> None:
    digest = build_digest(replace(_FACTS, language=language, entries=_entries(language)))
    golden = (_GOLDEN / f"{language}.eml").read_bytes()
    assert _fixed(digest.raw) == canonical_line_ends(golden)


def _text(digest: RawMessage) -> str:
    return str(email.message_from_bytes(digest.raw, policy=email.policy.default).get_content())


def test_a_digest_can_be_unsubscribed_and_is_answered_by_no_program() -> None:
    digest = build_digest(replace(_FACTS, entries=_entries("en")))
    assert digest.first("List-Unsubscribe") == f"<{_FACTS.settings_url}>"
    assert digest.first("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert digest.first("Auto-Submitted") == "auto-generated"


def test_what_is_dangerous_has_no_link() -> None:
    assert f"{_PAGES}/m/3" not in _text(build_digest(replace(_FACTS, entries=_entries("en"))))


def test_of_mail_that_must_be_encrypted_nothing_is_told() -> None:
    text = _text(build_digest(replace(_FACTS, entries=_entries("en"), private=True)))
    assert "Kanzlei" not in text
    assert "Abmahnung" not in text
    assert f"<{_PAGES}/m/1>" in text


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_a_stranger_wrote_becomes_a_link_or_a_header(sender: str, subject: str) -> None:
    hostile = DigestEntry("example.org", MailClass.OTHER, ("Why.",), "", sender, subject)
    digest = build_digest(replace(_FACTS, entries=(hostile,), count=1))
    read = email.message_from_bytes(digest.raw, policy=email.policy.default)
    assert len(read.keys()) == len(build_digest(replace(_FACTS, entries=(), count=1)).fields)
    links = re.findall(r"https?://\S+", read.get_content())
    assert links == [f"{_FACTS.all_url}>", f"{_FACTS.settings_url}>"]
