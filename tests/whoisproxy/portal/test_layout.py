"""What every page has: one language, landmarks, the look of its registrar, and nothing from elsewhere."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from tests.whoisproxy.portal.plain_site import Site, running_site
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.appearance import Appearance
from whoisproxy.i18n import LANGUAGES, translations
from whoisproxy.portal.messages import GONE
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.route import Audience
from whoisproxy.portal.routes import ROUTES
from whoisproxy.portal.view import Area, View

_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'
_MOST_OCTETS = 60_000


@pytest.fixture
async def site(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Site]:
    async with running_site(tmp_path, sqlite_url) as running:
        yield running


@pytest.fixture
async def registrar(site: Site) -> Registrar:
    """Return a registrar whose pages have every part of a look."""
    registrar = await site.core.accounts.add_registrar("Example", "https://registrar.example")
    look = Appearance(
        registrar.id,
        "Domains & <Söhne>",
        "own.example",
        "#0a4f8f",
        "#7ab8f5",
        *(f"https://registrar.example/{page}?a=1&b=2" for page in ("imprint", "privacy", "terms", "help")),
    )
    await site.core.appearances.put(look, _SVG)
    return registrar


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_is_whole_in_each_language_and_small(site: Site, language: str) -> None:
    page = await site.get("/a/x", Accept_Language=language)
    assert page.status == 404
    assert f'<html lang="{language}">' in page.html
    assert translations(language).gettext(GONE.title) in unescape(page.html)
    for landmark in ("<header", "<main", "<footer", 'class="skip" href="#content"', 'id="content"'):
        assert page.html.count(landmark) == 1
    loaded = [await site.get(part.removeprefix("/own")) for part in page.parts]
    assert loaded
    assert {one.status for one in loaded} == {200}
    assert len(page.content) + sum(len(one.content) for one in loaded) < _MOST_OCTETS
    assert not re.search(r"<style|<script>|\sstyle=|\son\w+=", page.html)


async def test_a_choice_of_language_is_kept_in_a_cookie_that_says_nothing_else(site: Site) -> None:
    chosen = await site.get("/a/x?lang=it", Accept_Language="fr")
    assert '<html lang="it">' in chosen.html
    cookie = chosen.headers["Set-Cookie"]
    assert cookie.startswith("lang=it; ")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} < set(cookie.split("; "))
    assert '<html lang="it">' in (await site.get("/a/x", Cookie="lang=it", Accept_Language="fr")).html
    assert "Set-Cookie" not in (await site.get("/a/x?lang=tlh")).headers


async def test_a_registrars_own_host_name_shows_its_look(site: Site, registrar: Registrar) -> None:
    page = await site.get("/a/x", Host="Own.Example:443")
    assert "<strong>Domains &amp; &lt;Söhne&gt;</strong>" in page.html
    for name in ("imprint", "privacy", "terms", "help"):
        assert f'href="https://registrar.example/{name}?a=1&amp;b=2"' in page.html
    assert "Domains" not in (await site.get("/a/x", Host="privacy.example")).html

    style, logo = [part.removeprefix("/own") for part in page.parts if f"/look/{registrar.id}/" in part]
    colours = await site.get(style)
    assert (colours.status, colours.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "light) { :root { --accent: #0a4f8f; } }" in colours.html
    assert "dark) { :root { --accent: #7ab8f5; } }" in colours.html
    picture = await site.get(logo)
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/svg+xml")
    assert picture.headers["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    )
    assert picture.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_registrar_without_a_look_has_no_files(site: Site) -> None:
    gone = await site.get("/a/x")
    for path in (
        "/look/rgr_none/style.css",
        "/look/rgr_none/logo",
        "/static/none.css",
        "/static/..%2fapp.py",
    ):
        page = await site.get(path)
        assert (page.status, page.html) == (404, gone.html)


async def test_what_may_be_kept_changes_its_address_with_its_content(site: Site) -> None:
    for part in (await site.get("/a/x")).parts:
        assert "immutable" in (await site.get(part.removeprefix("/own"))).headers["Cache-Control"]
    assert (await site.get("/static/style.css?v=old")).headers["Cache-Control"] == "no-cache"
    assert (await site.get("/a/x")).headers["Cache-Control"] == "no-store"


async def test_what_pages_are_made_of_is_not_counted(tmp_path: Path, sqlite_url: str) -> None:
    """Who has to wait is told so by a page that looks like one."""
    async with running_site(tmp_path, sqlite_url, requests_per_minute=2) as site:
        pages = [await site.get("/a/x") for _ in range(3)]
        assert [one.status for one in pages] == [404, 404, 429]
        parts = [part.removeprefix("/own") for part in pages[-1].parts] * 3
        assert [(await site.get(part)).status for part in parts] == [200] * len(parts)
        # What is no file costs as much as any page.
        assert (await site.get("/static/a/b")).status == 429


def test_the_navigation_says_where_one_is_and_a_script_is_a_file_of_ours() -> None:
    areas = (Area("Help", "/domain"), Area("Terms", "/domains"), Area("Imprint", "/domains/x"))
    view = View("de", here="/domains/x", areas=areas)
    page = Pages("https://privacy.example/own").page("message", view, said=GONE, facts={}, domain="")
    assert page.text is not None
    assert '<a href="/own/domain">Hilfe</a>' in page.text
    assert '<a href="/own/domains" aria-current="true">Bedingungen</a>' in page.text
    assert '<a href="/own/domains/x" aria-current="page">Impressum</a>' in page.text
    assert "Content-Security-Policy" not in page.headers

    scripted = Pages("").page("message", view, scripts=["style.css"], said=GONE, facts={}, domain="")
    assert re.search(r'<script src="/static/style\.css\?v=\w+" defer></script>', scripted.text or "")
    policy = scripted.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("; script-src 'self'; connect-src 'self'")


def test_the_table_of_routes_has_each_once_and_says_who_may_come() -> None:
    keys = [(route.method, route.path) for route in ROUTES]
    assert len(set(keys)) == len(keys)
    assert {route.method for route in ROUTES} <= {"GET", "POST"}
    for route in ROUTES:
        # The token is the proof: a route that has one is for who has the link, and no other is. What leads in
        # asks for a form of our own, too.
        of_link = {Audience.LINK, Audience.ENTRY if route.path.startswith("/enter/") else Audience.LINK}
        assert ("{token}" in route.path) is (route.audience in of_link)
