"""Every text is translated into every language, and no translation loses a fact."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import whoisproxy
from whoisproxy.i18n import LANGUAGES, known, translations

_PACKAGE = Path(whoisproxy.__file__).parent
_FACT = re.compile(r"%\((\w+)\)[a-z]|%%")
_TRANSLATED = [language for language in LANGUAGES if language != "en"]
_TEMPLATES = sorted((_PACKAGE / "portal" / "templates").rglob("*.html"))
# With the width of a page, which is a class and no text.
_JINJA = re.compile(r"{% block width %}\w+{% endblock %}|{{.*?}}|{%.*?%}|{#.*?#}", re.DOTALL)
_SPOKEN = {"alt", "aria-label", "placeholder", "title"}


class _Words(HTMLParser):
    """Finds what a reader would see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name in _SPOKEN:
                self.handle_data(value or "")

    def handle_data(self, data: str) -> None:
        if any(map(str.isalpha, data)):
            self.found.append(data.strip())


@cache
def _said() -> frozenset[str | tuple[str, ...]]:
    """Return what code and templates say: a text, or its singular and plural."""
    mappings = tomllib.loads((_PACKAGE.parent / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(one["pattern"], one["method"]) for one in mappings]
    options = {one["pattern"]: one for one in mappings}
    return frozenset(found[2] for found in extract_from_dir(_PACKAGE, methods, options))


def _catalogue(language: str) -> Catalog:
    with (_PACKAGE / f"locale/{language}/LC_MESSAGES/whoisproxy.po").open("rb") as source:
        return read_po(source, locale=language)


def _messages(language: str) -> Iterator[Message]:
    return (message for message in _catalogue(language) if message.id)


def _texts(of: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (of,) if isinstance(of, str) else tuple(of or ())


@pytest.mark.parametrize("language", _TRANSLATED)
def test_every_text_is_translated_and_none_is_left_over(language: str) -> None:
    """Where it fails, `make messages` puts the texts into the catalogues."""
    translated = {message.id for message in _messages(language) if all(_texts(message.string))}
    # Babel reads plurals as tuples from code, and as lists or tuples from catalogues.
    assert {_texts(one) for one in translated} == {_texts(one) for one in _said()}
    assert not [message.id for message in _messages(language) if message.fuzzy]


@pytest.mark.parametrize("template", _TEMPLATES, ids=lambda file: file.stem)
def test_a_template_says_nothing_that_is_not_translated(template: Path) -> None:
    reader = _Words()
    reader.feed(_JINJA.sub("", template.read_text()))
    reader.close()
    assert reader.found == []


@pytest.mark.parametrize("language", _TRANSLATED)
def test_every_translation_keeps_the_facts(language: str) -> None:
    for message in _messages(language):
        facts = {one for text in _texts(message.id) for one in _FACT.findall(text)}
        for text in _texts(message.string):
            assert set(_FACT.findall(text)) == facts, message.id
            assert "%" not in _FACT.sub("", text), message.id


@pytest.mark.parametrize("language", _TRANSLATED)
def test_a_catalogue_is_read_as_it_is_written(language: str) -> None:
    read = translations(language)
    for one in _messages(language):
        if isinstance(one.id, str):
            assert read.gettext(one.id).replace("\xa0", " ") == one.string


def test_no_line_of_french_begins_with_a_mark() -> None:
    assert translations("fr").gettext("Block this sender?") == "Bloquer cet expéditeur\xa0?"
    for one in _messages("fr"):
        if isinstance(one.id, str):
            assert not re.search(" [?!:;»]|« ", translations("fr").gettext(one.id))


@pytest.mark.parametrize(
    ("tag", "language"), [("de-CH", "de"), (" FR ", "fr"), ("nl", ""), ("", ""), ("\x00" * 999, "")]
)
def test_a_tag_leads_to_a_language_of_ours(tag: str, language: str) -> None:
    assert known(tag) == language
