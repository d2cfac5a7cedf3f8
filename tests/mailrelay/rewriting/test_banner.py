"""A banner is recognised in whatever shape mail programs quote it back, and nothing else is taken."""

import html
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.rewriting.banner import (
    LANGUAGES,
    Banner,
    banner_text,
    without_banner,
    without_banner_html,
)

LINK = "https://relay.example/answer/0123456789abcdefghjkmnpqrstvwxyz0123456789abcdefghjkmnpqrstvwxyz"


def full(language: str) -> str:
    return banner_text(
        Banner(language, "example.org", verified=False, answer_url=LINK, block_url=LINK + "/b")
    )


def quoted(text: str, mark: str = "> ") -> str:
    return "".join(mark + line for line in text.splitlines(keepends=True))


def test_an_unknown_language_is_english_and_a_region_does_not_matter() -> None:
    assert full("tlh") == full("en")
    assert full("de-CH") == full("de") != full("en")


def test_a_banner_says_no_more_than_it_must() -> None:
    short = banner_text(Banner("en", "example.org"))
    assert "http" not in short
    assert "verified" not in short
    assert all(len(line) <= 72 for line in short.splitlines())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mark", ["", "> ", ">> ", "> > ", "| ", "    ", "\t", ">\u00a0"])
def test_a_banner_is_removed_as_a_whole(language: str, mark: str) -> None:
    text = f"Yes, gladly.\n\n{quoted(full(language) + chr(10) + 'Is it for sale?' + chr(10), mark)}bye\n"
    empty = mark + "\n"
    assert without_banner(text) == f"Yes, gladly.\n\n{empty}{mark}Is it for sale?\nbye\n"


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    columns=st.integers(20, 120),
    mark=st.sampled_from(["", "> ", ">> ", "  "]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_banner_is_recognised_however_its_lines_are_broken(
    language: str, columns: int, mark: str, end: str
) -> None:
    lines = [
        line
        for one in full(language).splitlines()
        for line in textwrap.wrap(one, columns, break_long_words=False, break_on_hyphens=False)
    ]
    text = "".join(f"{mark}{line}{end}" for line in lines)
    assert without_banner(f"before{end}{text}{mark}after{end}") == f"before{end}{mark}after{end}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_broken_over_lines_goes_with_its_sentence(language: str) -> None:
    text = quoted(full(language)).replace("mnpq", "mnpq\n> ")
    assert without_banner(f"a\n{text}b\n") == "a\nb\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_half_a_banner_goes_too(language: str) -> None:
    short = banner_text(Banner(language, "example.org"))
    links = full(language).removeprefix(short).partition(".\n")[2]
    assert LINK in links
    assert without_banner(f"> ...\n{quoted(links)}c\n") == "> ...\nc\n"
    assert without_banner(f"> ...\n{quoted(short)}c\n") == "> ...\nc\n"


def test_a_program_may_write_links_twice() -> None:
    text = full("en").replace("example.org", "example.org<http://example.org>")
    text = text.replace(f"<{LINK}>", f"<{LINK}<{LINK}>>")
    assert without_banner(f"a\n{text}b\n") == "a\nb\n"


def test_letters_may_have_been_mistaken() -> None:
    for mistaken in (
        full("fr").encode("utf-8").decode("latin-1"),
        full("fr").encode("ascii", "replace").decode("ascii"),
        full("fr").replace("'", "\u2019"),
    ):
        assert without_banner(f"a\n{mistaken}b\n") == "a\nb\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_banner_in_html_goes_and_the_markup_stays(language: str) -> None:
    lines = html.escape(full(language)).replace("example.org", '<a href="http://example.org">example.org</a>')
    lines = lines.replace(html.escape(f"<{LINK}>"), f'&lt;<a href="{LINK}">{LINK}</a>&gt;').replace(
        "\n", "<br>\n"
    )
    document = f"<p>Yes &amp; no</p><blockquote type=cite><div>{lines}<b>Hello</b></div></blockquote>"

    cleaned = without_banner_html(document)

    assert LINK not in cleaned
    assert without_banner(html.unescape(cleaned)) == html.unescape(cleaned)
    assert cleaned.startswith("<p>Yes &amp; no</p><blockquote type=cite><div>")
    assert cleaned.endswith("<b>Hello</b></div></blockquote>")
    assert "<a" not in cleaned
    assert "</a" not in cleaned


def test_a_link_that_stands_in_html_as_it_is_goes_too() -> None:
    assert LINK not in without_banner_html(f"<pre>{full('en')}</pre>")


@given(st.text(max_size=300))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert without_banner(text) == text
    assert without_banner_html(text) == text


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_what_stands_around_a_banner_stays(before: str, after: str, language: str) -> None:
    """Whole lines: a banner never shares one with other text."""
    before, after = (one.replace("\r", "") for one in (before, after))
    assert without_banner(f"{before}\n{full(language)}{after}") == f"{before}\n{after}"


def test_hostile_text_is_searched_in_a_moment() -> None:
    for text in (
        "Answer in the browser: <" * 5000,
        "Sent to the owner of " * 5000,
        "Sent" + " > " * 50000,
        "<a " * 50000,
    ):
        assert without_banner(text) == text
        assert without_banner_html(text) == text
