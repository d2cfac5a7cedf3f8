"""An owner is told why a message was held, whatever a check says and whatever his language is."""

import ast
import re
from pathlib import Path

import pytest

import mailrelay.checks
import mailrelay.reports.automation
from mailrelay.checks.explanations import _tables, explain, has_words, languages, why
from mailrelay.content.features import FEATURES
from mailrelay.content.score import LIKE_SPAM
from mailrelay.queue.entry import NoteOfVerdict

_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_CHECKS = Path(mailrelay.checks.__file__).parent
# Words of the code that nobody is told: charsets, protocols, what speaks for a message.
_NO_REASONS = {
    "utf-8", "us-ascii", "mail-class", "allowed-sender", "nothing-found", "known-sender",
    "x-arf", "x-xarf", "feedback-report", "malware-found", "message-unseen",
    "texts-not-shared", "texts-shared-again",
}  # fmt: skip


def _literals(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and _KEBAB.fullmatch(text)}


def _names(file: Path) -> set[str]:
    """Return the names of the checks of a module: literals that are given to `name`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and any(isinstance(target, ast.Name) and target.id == "name" for target in node.targets)
    }


def _reasons() -> set[str]:
    files = list(_CHECKS.glob("*.py"))
    assert len(files) > 30
    literals = set().union(*map(_literals, files))
    names = {*set().union(*map(_names, files)), "octet-rate"}  # it is given its name when it is made
    reasons = literals - names - _NO_REASONS
    reasons |= {rule.name for rule in FEATURES} | {LIKE_SPAM, "listed", "malware"}
    reasons |= {f"blocked-by-{who}" for who in ("owner", "registrar", "operator")}
    return reasons | {"correspondent-blocked", "encryption-key-unusable"}


def test_no_reason_of_any_check_lacks_words() -> None:
    reasons = _reasons()
    assert len(reasons) > 80
    assert {reason for reason in reasons if not has_words(reason)} == set()


def test_signs_of_automatic_mail_have_words_too() -> None:
    signs = {row[2] for row in mailrelay.reports.automation._SIGNS}
    assert {sign for sign in signs if not has_words(sign)} == set()


@pytest.mark.parametrize("language", ["de", "fr", "it", "es"])
def test_every_language_says_the_same(language: str) -> None:
    assert set(_tables()[language]) == set(_tables()["en"])
    assert set(languages()) == {"en", "de", "fr", "it", "es"}


def test_every_word_is_used_and_leads_somewhere() -> None:
    texts, same = set(_tables()["en"]), _tables()["same"]
    assert set(same.values()) <= texts
    assert not set(same) & texts


def test_several_reasons_are_told_once_each_and_unknown_ones_in_general() -> None:
    notes = [
        NoteOfVerdict("content-score", "quarantine", "shouting-subject exclaiming lying-link", 6.0),
        NoteOfVerdict("bulk-similarity", "tag", "same-text-to-many", 4.0),
        NoteOfVerdict("dmarc-policy", "accept", "dmarc-fail"),
    ]
    assert why(notes, "en") == (
        "It shouts.",
        "Its links hide where they lead.",
        "The same text came to many other addresses.",
    )
    summed_up = NoteOfVerdict("spam-decision", "quarantine", "spam-of-listed-client")
    assert why([summed_up], "en") == ("The server that brought it stands on a blocklist.",)
    assert why([notes[2], summed_up], "en") == (
        "Nothing proves that it comes from the domain it names as sender.",
    )
    assert explain("a-check", "a-reason-of-tomorrow", "en") == "It looks like unwanted mail."
    assert explain("clamav", "malware", "de-CH").startswith("Ein Virenscanner")
    assert explain("clamav", "a-reason-of-tomorrow", "de-CH").startswith("Ein anderer Spamfilter")
    assert why([], "tlh") == ("It looks like unwanted mail.",)
