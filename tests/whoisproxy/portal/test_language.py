"""A page speaks the language that its reader wishes, where it can."""

import pytest
from aiohttp.test_utils import make_mocked_request

from whoisproxy.portal.language import language_of, wished
from whoisproxy.portal.view import first_view


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("nl, fr;q=0.5, it;q=0.7", "it"),
        ("tlh, *;q=0.1", "en"),
        ("fr;q=0, de;q=0.1", "de"),
        ("fr;q=0", "en"),
        ("fr;q=nan, it;q=0.2", "it"),
        ("de;q=x,,;;=,es", "es"),
        ("\x00" * 9999, "en"),
    ],
)
def test_the_language_that_a_browser_likes_best(header: str, language: str) -> None:
    """RFC 9110 sections 12.4.2 and 12.5.4."""
    assert wished(header) == language


@pytest.mark.parametrize(
    ("path", "cookie", "language"),
    [
        ("/?lang=de", "lang=it", "de"),
        ("/?lang=tlh", "lang=it", "it"),
        ("/", "lang=tlh", "fr"),
        ("/", "", "fr"),
    ],
)
def test_what_was_chosen_goes_before_what_the_browser_says(path: str, cookie: str, language: str) -> None:
    request = make_mocked_request("GET", path, headers={"Cookie": cookie, "Accept-Language": "fr"})
    assert language_of(request) == language


def test_the_other_languages_are_a_link_away_and_the_rest_of_the_query_stays() -> None:
    view = first_view(make_mocked_request("GET", "/x?page=2&lang=de&q=%22%3E%3Cb%3E"))
    assert view.language == "de"
    assert [one.language for one in view.switches] == ["en", "fr", "it", "es"]
    assert view.switches[0].href == "?page=2&q=%22%3E%3Cb%3E&lang=en"


def test_a_profile_decides_alone() -> None:
    view = first_view(make_mocked_request("GET", "/?lang=de")).of_profile("fr-CA")
    assert (view.language, view.switches) == ("fr", ())
