"""Owners are told in their language why something waits, and never by their own data."""

import email
import email.policy
from datetime import UTC, datetime
from string import Formatter
from typing import Any

import pytest

from mailrelay.identity import Trait
from mailrelay.rewriting.notice import NoticeFacts, build_notice
from mailrelay.rewriting.owner_words import _tables, languages, words_for
from mailrelay.rewriting.scrub import Hit

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
REASONS = (
    "owner-shows-in-header",
    "owner-shows-in-body",
    "unsafe-part",
    "unsafe-part-broken-picture",
    "encrypted",
    "too-many-parts",
    "unreadable-html",
    "nothing-left",
    "delivery-failed",
    "owner-not-authenticated",
    "encryption-key-unusable",
    "malware",
    "a-reason-of-tomorrow",
)


def _shape(table: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a table, and the facts that each text takes."""
    return {
        key: _shape(value)
        if isinstance(value, dict)
        else {name for _, name, _, _ in Formatter().parse(value)}
        for key, value in table.items()
    }


@pytest.mark.parametrize("language", ["de", "fr", "it", "es"])
def test_every_language_says_the_same(language: str) -> None:
    assert _shape(_tables()[language]) == _shape(_tables()["en"])


def test_other_languages_get_english() -> None:
    assert words_for("fr-CH").language == "fr"
    assert words_for("tlh").language == "en"
    assert set(words_for("en")._table["traits"]) == set(Trait)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("language", languages())
def test_a_notice_says_why_where_and_what_to_do(language: str, reason: str) -> None:
    hits = (
        Hit(Trait.STREET, "attachment 2 name", "Etang 7"),
        Hit(Trait.NAME, "text", "Zoe"),
        Hit(Trait.NAME, "preamble", "Zoe"),
    )
    link = "https://portal.example/c/" + "x" * 50
    facts = NoticeFacts("example.org", "relay.example", reason, NOW, language, link, hits)

    notice = email.message_from_bytes(build_notice(facts).raw, policy=email.policy.default)
    text = notice.get_content()
    assert notice.defects == []
    assert notice["From"].addresses[0].addr_spec == "postmaster@relay.example"
    assert notice["Auto-Submitted"] == "auto-generated"
    assert f"<{link}>" in text
    assert "example.org" in text
    assert words_for(language).place("attachment 2 name") in text
    assert max(map(len, text.splitlines())) <= 80
    assert "Etang" not in text
    assert "Zoe" not in text
