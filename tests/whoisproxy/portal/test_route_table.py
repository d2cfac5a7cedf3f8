"""What holds for every route, also for those that are yet to be written: the cases come from the table."""

import re
from collections.abc import AsyncIterator, Mapping
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


def _named(route: Route) -> str:
    return f"{route.method} {route.path}"


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


async def _at_stage(site: Site, audience: Audience) -> Browser:
    if audience is not Audience.HALF:
        return await site.owner()
    await site.entry.with_totp()
    browser = site.browser()
    await browser.get("/sign-in")
    await browser.post("/sign-in", do="password", mailbox=REGISTRANT.email, password=PASSWORD)
    await browser.get("/second-step")
    return browser


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.writes and one.audience in _OF_BROWSERS], ids=_named
)
async def test_a_form_of_another_site_changes_nothing(site: Site, route: Route) -> None:
    other = await site.owner()
    browser = await _at_stage(site, route.audience)
    path = _path(route).replace("/enter/x", f"/enter/{await site.entry.link()}")
    own = browser.csrf
    for token in ("", "0" * 26, own[::-1], own.upper(), other.csrf):
        assert (await browser.post(path, csrf=token)).status == 403
    for header in _OF_ANOTHER_SITE:
        assert (await browser.post(path, dict([header]))).status == 403
    async with browser.http.post(browser.base_url + path, json={"csrf": own}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("route", [one for one in ROUTES if one.audience in _SIGNED_IN], ids=_named)
async def test_who_has_not_signed_in_is_led_to_the_door(site: Site, route: Route) -> None:
    browser = site.browser()
    await browser.get("/sign-in")
    answer = await _ask(browser, route, _path(route), {})
    assert (answer.status, answer.location) == (303, "/sign-in")


@pytest.mark.parametrize("route", ROUTES, ids=_named)
async def test_no_answer_is_shown_in_a_frame_or_kept_or_runs_what_is_not_ours(
    site: Site, route: Route
) -> None:
    """Clickjacking, sniffing, caches: for strangers and owners, pages and refusals."""
    for browser in (site.browser(), await _at_stage(site, route.audience)):
        for headers in ({}, {"Origin": "https://evil.example"}):
            _is_guarded(await _ask(browser, route, _path(route), headers))


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


@pytest.mark.parametrize("route", ROUTES, ids=_named)
async def test_nothing_of_a_request_says_where_an_answer_leads(site: Site, route: Route) -> None:
    """Open redirects and header injection, by query, path and Host."""
    browser = await _at_stage(site, route.audience)
    paths = [f"{_path(route)}{_ELSEWHERE}"]
    if _NAME.search(route.path):
        paths += [_path(route, value) for value in _HOSTILE_NAMES]
    for path in paths:
        _leads_nowhere(await _raw(browser, route, path), path)
    hosts = {
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
        "X-Original-URL": "//evil.example",
    }
    for headers in (hosts, {**hosts, "Host": "evil.example"}):
        _leads_nowhere(await _ask(browser, route, _path(route), headers), str(headers))


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
