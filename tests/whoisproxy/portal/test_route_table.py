"""What holds for every route, also for those that are yet to be written: the cases come from the table.

The routes of an audience are tried in one test, on pages that are started once.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path

import pytest
from sqlalchemy.schema import DropTable
from yarl import URL

from tests.whoisproxy.portal.site import Answer, Browser, Site, open_site
from tests.whoisproxy.services.entry import PASSWORD
from tests.whoisproxy.services.world import REGISTRANT, World, make_world
from whoisproxy.portal.route import Audience, Route
from whoisproxy.portal.routes import ROUTES
from whoisproxy.storage.tables import owner_sessions
from whoisproxy.storage.unit_of_work import Storage

# Where a name has a pattern, what is put in its place fits it.
_NAME = re.compile(r"{\w+(:[^{}]*)?}")
_SIGNED_IN = {Audience.OWNER, Audience.HALF, Audience.ENROLLING}
_OF_BROWSERS = _SIGNED_IN | {Audience.ENTRY}
_OF_ANOTHER_SITE = (
    ("Origin", "https://evil.example"),
    ("Origin", "null"),
    ("Origin", "http://["),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-site"),
    ("Sec-Fetch-Site", "none"),
)
# Every page is shown in no frame of others, runs nothing and loads nothing from elsewhere.
_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "whoisproxy",
}
_ELSEWHERE = (
    "?next=//evil.example&url=https://evil.example/&return=/\\evil.example&lang=de%0d%0aX-Evil:%20yes"
)
_HOSTILE_NAMES = (
    "%0d%0aX-Evil:%20yes",
    "%2f%2fevil.example",
    "..%2f..%2fevil.example",
    "%00",
    "%ff",
    "%F0%9F%98%80",
    "'%22%3E%3Cscript%3Ealert(1)%3C%2fscript%3E",
    "%7b%7b7*7%7d%7d",
    "x" * 3000,
)


def _of(audience: Audience) -> list[Route]:
    return [route for route in ROUTES if route.audience is audience]


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """The services over an empty database."""
    return await make_world(sqlite_storage)


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The pages over plain HTTP."""
    async with open_site(world, tmp_path) as opened:
        yield opened


def _path(route: Route, value: str = "x") -> str:
    return _NAME.sub(lambda found: f"{value}.example" if found[1] else value, route.path)


async def _ask(browser: Browser, route: Route, path: str, headers: Mapping[str, str]) -> Answer:
    if route.writes:
        return await browser.post(path, dict(headers))
    return await browser.get(path, **headers)


async def _each(routes: Iterable[Route], holds_for: Callable[[Route], Awaitable[None]]) -> None:
    """Try something of each of some routes; all that fail are named."""
    failed = []
    for route in routes:
        try:
            await holds_for(route)
        except AssertionError as error:
            error.add_note(f"{route.method} {route.path}")
            failed.append(error)
    if failed:
        raise ExceptionGroup("routes", failed)


async def _fits(site: Site, audience: Audience) -> None:
    """Give the owner what he needs to be of an audience."""
    if audience is Audience.HALF:
        await site.entry.with_totp()


async def _comes(site: Site, audience: Audience) -> Browser:
    """Return a new browser of who is let in, as far as an audience of routes is."""
    if audience is not Audience.HALF:
        return await site.owner()
    browser = site.browser()
    await browser.get("/sign-in")
    await browser.post("/sign-in", do="password", mailbox=REGISTRANT.email, password=PASSWORD)
    await browser.get("/second-step")
    return browser


@pytest.mark.parametrize("audience", [one for one in Audience if one in _OF_BROWSERS])
async def test_a_form_of_another_site_changes_nothing(site: Site, audience: Audience) -> None:
    other = await site.owner()
    await _fits(site, audience)

    async def refused(route: Route) -> None:
        browser = await _comes(site, route.audience)
        path = _path(route).replace("/enter/x", f"/enter/{await site.entry.link()}")
        own = browser.csrf
        for token in ("", "0" * 26, own[::-1], own.upper(), other.csrf):
            assert (await browser.post(path, csrf=token)).status == 403
        for header in _OF_ANOTHER_SITE:
            assert (await browser.post(path, dict([header]))).status == 403
        async with browser.http.post(browser.base_url + path, json={"csrf": own}) as answer:
            assert answer.status == 403

    await _each([one for one in _of(audience) if one.writes], refused)


async def test_who_has_not_signed_in_is_led_to_the_door(site: Site) -> None:
    browser = site.browser()
    await browser.get("/sign-in")

    async def led(route: Route) -> None:
        answer = await _ask(browser, route, _path(route), {})
        assert (answer.status, answer.location) == (303, "/sign-in")

    await _each([one for one in ROUTES if one.audience in _SIGNED_IN], led)


@pytest.mark.parametrize("audience", Audience)
async def test_no_answer_is_shown_in_a_frame_or_kept_or_runs_what_is_not_ours(
    site: Site, audience: Audience
) -> None:
    """Clickjacking, sniffing, caches: for strangers and owners, pages and refusals."""
    stranger = site.browser()
    await _fits(site, audience)

    async def guarded(route: Route) -> None:
        for browser in (stranger, await _comes(site, audience)):
            for headers in ({}, {"Origin": "https://evil.example"}):
                _is_guarded(await _ask(browser, route, _path(route), headers))

    await _each(_of(audience), guarded)


def _is_guarded(answer: Answer) -> None:
    assert {name: answer.headers.get(name) for name in _HEADERS} == _HEADERS
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"unsafe|\*|data:|https?:", policy)
    assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert "no-store" in answer.headers["Cache-Control"]


async def test_refusals_of_every_kind_are_guarded_too(site: Site) -> None:
    browser = await site.owner()
    async with browser.http.request("PUT", f"{browser.base_url}/security") as answer:
        method = Answer(answer.status, await answer.text(), answer.headers)
    large = await browser.post("/security", do="x" * 300_000)
    missing = await browser.get("/no/such/page")
    async with site.entry.world.storage.engine.begin() as connection:
        await connection.execute(DropTable(owner_sessions))
    failed = await browser.get("/security")
    refusals = (missing, method, large, failed)
    assert [one.status for one in refusals] == [404, 404, 413, 500]
    for one in refusals:
        _is_guarded(one)


@pytest.mark.parametrize("audience", Audience)
async def test_nothing_of_a_request_says_where_an_answer_leads(site: Site, audience: Audience) -> None:
    """Open redirects and header injection, by query, path and Host."""
    hosts = {
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
        "X-Original-URL": "//evil.example",
    }

    await _fits(site, audience)

    async def unmoved(route: Route) -> None:
        browser = await _comes(site, audience)
        values = _HOSTILE_NAMES if _NAME.search(route.path) else ()
        for path in (f"{_path(route)}{_ELSEWHERE}", *[_path(route, value) for value in values]):
            _leads_nowhere(await _raw(browser, route, path), path)
        for headers in (hosts, {**hosts, "Host": "evil.example"}):
            _leads_nowhere(await _ask(browser, route, _path(route), headers), str(headers))

    await _each(_of(audience), unmoved)


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/..", "/%2f/evil.example", "/\\evil.example"]
)
async def test_no_path_is_taken_for_a_host(site: Site, path: str) -> None:
    answer = await _raw(site.browser(), ROUTES[0], path)
    assert answer.status in {400, 404}
    _leads_nowhere(answer, path)


async def _raw(browser: Browser, route: Route, path: str) -> Answer:
    """Ask for a path as it is written."""
    url = URL(f"{browser.base_url}{path}", encoded=True)
    data = {"csrf": browser.csrf, "next": "//evil.example"} if route.writes else None
    async with browser.http.request(route.method, url, data=data, allow_redirects=False) as answer:
        return Answer(answer.status, await answer.text(), answer.headers)


def _leads_nowhere(answer: Answer, asked: str) -> None:
    assert answer.status < 500, asked
    assert "X-Evil" not in answer.headers
    assert "evil" not in answer.location
    assert not answer.location.startswith(("//", "/\\")), asked
    assert "<script>alert" not in answer.text
