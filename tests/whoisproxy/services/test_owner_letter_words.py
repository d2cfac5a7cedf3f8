"""Letters about accounts say the same in every language."""

import pytest

from whoisproxy.i18n import LANGUAGES
from whoisproxy.services.owners.letter_words import (
    ACCOUNT_CLOSED_LETTER,
    CORRECTION_ASKED_LETTER,
    EXPORT_READY_LETTER,
    METHODS_CHANGED_LETTER,
    NEW_DEVICE_LETTER,
    SIGN_IN_LETTER,
    LetterWords,
)

_LETTERS = [
    SIGN_IN_LETTER,
    NEW_DEVICE_LETTER,
    METHODS_CHANGED_LETTER,
    CORRECTION_ASKED_LETTER,
    EXPORT_READY_LETTER,
    ACCOUNT_CLOSED_LETTER,
]
_FACTS = {
    "days": "3",
    "registrar": "Gandalf 100 % Domains",
    "link": "https://pages.example/enter/e.oac_1.6.x.y",
    "minutes": "30",
    "at": "2026-11-26 08:00 UTC",
    "device": "Firefox, Linux",
    "network": "192.0.2.0/24",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", _LETTERS)
def test_a_letter_names_the_registrar_and_has_its_link_alone(words: LetterWords, language: str) -> None:
    subject, paragraphs = words.told(language, _FACTS)
    assert paragraphs.count(_FACTS["link"]) == 1
    assert _FACTS["registrar"] in " ".join(paragraphs)
    assert not any("%(" in text for text in (subject, *paragraphs))
    if language != "en":
        assert subject != words.told("en", _FACTS)[0]
