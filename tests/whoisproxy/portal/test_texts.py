"""Every language of the pages says the same, and a browser's wish is met where it can be."""

import re
from pathlib import Path
from string import Formatter

import pytest

import whoisproxy.portal
from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.portal.held import _DONE, _OVER, _UNPROVEN
from whoisproxy.portal.texts import known, table, wished

TEMPLATES = Path(whoisproxy.portal.__file__).parent / "templates"
# Those of `Pages.message`, which are named at the call.
_MESSAGES = (
    "released", "discarded", "stopped", "stopped_reported", "stopped_unlearned",
    "gone", "busy", "failed", "too_large", *_DONE.values(), _UNPROVEN, _OVER,
)  # fmt: skip


def _facts(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


@pytest.mark.parametrize("language", ["de", "fr", "it", "es"])
def test_every_language_says_the_same(language: str) -> None:
    texts = table()[language]
    assert {name: _facts(one) for name, one in texts.items()} == {
        name: _facts(one) for name, one in table()["en"].items()
    }


def test_no_text_is_missing_or_too_many() -> None:
    source = "\n".join(file.read_text() for file in TEMPLATES.iterdir())
    used = {*re.findall(r't\("(\w+)"', source), "unticked", "cannot_title"} - {"digest_"}
    used |= {f"digest_{wish}" for wish in DigestWish}
    used |= {name for one in _MESSAGES for name in (one, f"{one}_title")}
    assert used == set(table()["en"])


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("nl, fr;q=0.5, it;q=0.7", "it"),
        ("tlh, *;q=0.1", "en"),
        ("de;q=x,,;;=,es", "es"),
        ("\x00" * 9999, "en"),
    ],
)
def test_the_language_that_a_browser_likes_best(header: str, language: str) -> None:
    assert wished(header) == language
    assert known(header) in table()
