"""The pages on which owners switch: what they show, what they take, and what they tell as it goes on."""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Self

import pytest
from aiohttp import web

from registries.errors import RegistryRefused, RegistryUnavailable
from tests.whoisproxy.portal.site import Answer, Browser, Site, open_site
from tests.whoisproxy.services.world import (
    PROHIBITED,
    RDDS_ONLY,
    REGISTRANT,
    RELAY_EMAIL,
    SPEC,
    SUBSTITUTED,
    World,
    make_world,
    renamed,
)
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.i18n import LANGUAGES, translations
from whoisproxy.portal.app import make_portal_app
from whoisproxy.portal.switching import words
from whoisproxy.services.owners.consent_texts import CURRENT, TEXTS
from whoisproxy.services.owners.switching import MOST_AT_ONCE
from whoisproxy.services.registry_troubles import _TABLE
from whoisproxy.storage.unit_of_work import Storage

PAGE = f"/domains/{RDDS_ONLY}/privacy"
MANY = "/domains/privacy"
OTHERS = DomainName("somebody-elses.com")
HIDE, SHOW = [text.version for text in CURRENT.values()]


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """The services over an empty database."""
    return await make_world(sqlite_storage)


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The pages over plain HTTP."""
    async with open_site(world, tmp_path) as opened:
        yield opened


async def switched_on(browser: Browser, name: DomainName = RDDS_ONLY) -> Answer:
    """Open a domain's page and press its button."""
    page = await browser.get(f"/domains/{name}/privacy")
    return await browser.post(f"/domains/{name}/privacy", None, **fields_of(page))


def fields_of(page: Answer) -> dict[str, str]:
    """Return the hidden fields of the page's form, but for its token and lists."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    return {name: value for name, value in found.items() if name not in {"csrf", "d"}}


def rows_of(page: Answer) -> list[str]:
    """Return the rows that a switch changes, as words."""
    rows = re.findall(r'<tr role="row" class="differs">(.*?)</tr>', page.text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


async def test_from_the_registrars_link_to_privacy_it_takes_three_clicks(site: Site, world: World) -> None:
    browser, clicks, token = site.browser(), 0, await site.entry.link()
    await browser.get(f"/enter/{token}")
    assert (await browser.post(f"/enter/{token}")).status == 303
    clicks += 1
    # Beside the domain stands a link that leads here.
    page = await browser.get(PAGE)
    clicks += 1
    begun = await browser.post(PAGE, None, **fields_of(page))
    clicks += 1
    assert begun.location.startswith("/operations/op_")
    await world.work()
    assert "This is done" in (await browser.get(begun.location)).text
    assert (await world.status(RDDS_ONLY)).privacy.status.state is PrivacyState.ENABLED
    assert clicks == 3


async def test_what_the_world_sees_stands_side_by_side_with_every_difference_marked(site: Site) -> None:
    page = await (await site.owner()).get(PAGE)
    rows = rows_of(page)
    assert f"Name Goes: {REGISTRANT.name} Comes: Cloak Desk" in rows
    assert (
        "Email Goes: zoe@mueller.example Comes: a new address at relay.example, made for this domain" in rows
    )
    assert page.text.count("<del>") == page.text.count("<ins>") == len(rows) == 9
    # Both answers of WHOIS, whole.
    now, then = re.findall(r"<pre[^>]*>(.*?)</pre>", page.text, re.DOTALL)
    assert f"Registrant Name: {REGISTRANT.name}" in unescape(now)
    assert "Registrant Name: Cloak Desk" in then
    assert REGISTRANT.name not in unescape(then)
    assert "blocked for 60 days" in page.text
    assert 'role="alert"' not in page.text


async def test_what_stays_the_same_is_not_marked(site: Site, world: World) -> None:
    await world.register(RELAY_EMAIL)
    page = await (await site.owner()).get(f"/domains/{RELAY_EMAIL}/privacy")
    at_registry = page.text[page.text.index('id="registry"') :]
    assert at_registry.count("(the same)") == 8
    assert at_registry.count("<del>") == 1
    assert "You stay the holder at the registry" in page.text


async def test_the_page_leads_to_the_other_side_by_itself(site: Site, world: World) -> None:
    browser = await site.owner()
    assert fields_of(await browser.get(PAGE)) == {"to": "on", "text": HIDE, "language": "en"}
    assert (await switched_on(browser)).status == 303
    await world.work()
    page = await browser.get(PAGE)
    assert fields_of(page) == {"to": "off", "text": SHOW, "language": "en"}
    assert "What was agreed to before" in page.text
    assert HIDE in page.text
    assert (await browser.post(PAGE, None, **fields_of(page))).status == 303
    await world.work()
    assert (await world.status(RDDS_ONLY)).privacy.status.state is PrivacyState.DISABLED


async def test_sent_twice_it_is_done_once(site: Site, world: World) -> None:
    browser = await site.owner()
    first = await switched_on(browser)
    again = await browser.post(PAGE, to="on", text=HIDE, language="en")
    assert (again.status, again.location) == (303, first.location)
    await world.work()
    late = await browser.post(PAGE, to="on", text=HIDE, language="en")
    assert (late.status, late.location) == (303, f"/domains/{RDDS_ONLY}")
    assert (await world.events()).count("privacy.enabling") == 1


async def test_a_text_that_was_not_shown_is_not_agreed_to(site: Site, world: World) -> None:
    browser = await site.owner()
    await browser.get(PAGE)
    for text in ("", "hide-2020-01", SHOW):
        page = await browser.post(PAGE, to="on", text=text, language="en")
        assert (page.status, "The text has changed" in page.text) == (409, True)
        many = await browser.post(MANY, to="on", text=text, language="en", d=RDDS_ONLY.a_label)
        assert (many.status, "The text has changed" in many.text) == (409, True)
    assert (await world.status(RDDS_ONLY)).privacy.status.wanted is False


async def test_consent_names_the_language_in_which_it_was_read(site: Site, world: World) -> None:
    browser = await site.owner()
    page = await browser.get(PAGE, **{"Accept-Language": "it"})
    assert "Premendo il pulsante" in page.text
    await browser.post(PAGE, None, **fields_of(page))
    consent = (await world.status(RDDS_ONLY)).privacy.consent
    assert consent is not None
    assert (consent.language, consent.text_version) == ("it", HIDE)


async def test_each_obstacle_has_its_reason_and_nothing_to_press(site: Site, world: World) -> None:
    locked, unverified, dispute = (DomainName(f"zoe-{one}.org") for one in ("locked", "new", "dispute"))
    await world.register(PROHIBITED)
    await world.register(locked, replace(SPEC, statuses=("pendingTransfer",)))
    await world.register(unverified, replace(SPEC, registrant_verified=False))
    await world.hidden(dispute)
    await world.privacy.suspend(world.registrar, dispute)
    browser = await site.owner()
    for name, said in (
        (PROHIBITED, "The rules of the registry of .nl forbid privacy services."),
        (PROHIBITED, "sidn.nl/en/news-and-blogs/privacy-and-proxy-services-prohibited"),
        (locked, "the status pendingTransfer"),
        (unverified, "your registrar has not confirmed yours"),
        (dispute, "as is done in a dispute"),
    ):
        path, side = f"/domains/{name}/privacy", "off" if name == dispute else "on"
        page = await browser.get(path)
        assert said in page.text
        assert "<button" not in page.text.partition("<main")[2]
        version = HIDE if side == "on" else SHOW
        refused = await browser.post(path, to=side, text=version, language="en")
        assert (refused.status, said in refused.text) == (409, True)


async def test_a_change_under_way_is_told_and_can_be_turned_round(site: Site, world: World) -> None:
    await world.register(SUBSTITUTED)
    browser = await site.owner()
    begun = await switched_on(browser, SUBSTITUTED)
    path = f"/domains/{SUBSTITUTED}/privacy"
    same = await browser.get(f"{path}?to=on")
    assert "This is under way already" in same.text
    assert "<button" not in same.text.partition("<main")[2]
    other = await browser.get(path)
    assert "What you switch now takes its place." in other.text
    assert f'href="{begun.location}"' in other.text
    turned = await browser.post(path, None, **fields_of(other))
    assert turned.location != begun.location
    assert (
        "A later change of the same domain has taken its place." in (await browser.get(begun.location)).text
    )


async def test_domains_and_operations_of_others_are_like_none(site: Site, world: World) -> None:
    await world.register(OTHERS, renamed(email="somebody@else.example"))
    view = await world.enable(OTHERS)
    assert view.operation is not None
    browser = await site.owner()
    await browser.get(PAGE)
    none = _content(await browser.get("/domains/nobody-has-this.com/privacy"))
    theirs = view.operation.id
    for path in (
        f"/domains/{OTHERS}/privacy",
        f"/operations/{theirs}",
        f"/operations/{theirs}/events",
        "/operations/op_none",
        "/domains/not%20a%20name/privacy",
        f"{MANY}?d={OTHERS}",
        f"{MANY}?d=nobody-has-this.com",
    ):
        page = await browser.get(path)
        assert (page.status, _content(page)) == (404, none), path
    for path, fields in ((f"/domains/{OTHERS}/privacy", {}), (MANY, {"d": OTHERS.a_label})):
        page = await browser.post(path, None, to="off", text=SHOW, language="en", **fields)
        assert (page.status, _content(page)) == (404, none)
    assert (await world.status(OTHERS)).privacy.status.wanted is True


async def test_many_are_shown_together_where_the_same_is_seen_of_them(site: Site, world: World) -> None:
    alike = [DomainName(f"zoe-{number}.com") for number in range(20)]
    for name in (*alike, PROHIBITED, RELAY_EMAIL):
        await world.register(name)
    await world.register(OTHERS, renamed(email="somebody@else.example"))
    await world.hidden(DomainName("zoe-hidden.com"))
    chosen = [*alike, RELAY_EMAIL, PROHIBITED, OTHERS, DomainName("zoe-hidden.com")]
    browser = await site.owner()
    page = await browser.get(f"{MANY}?to=on&" + "&".join(f"d={name}" for name in chosen))
    assert "20 domains of which the same is seen" in page.text
    assert "21 domains will be switched. 3 will not; the reasons stand below." in page.text
    # A table for the twenty, one for the other, and one for what is at its registry.
    assert page.text.count('<table class="compare"') == 3
    assert "You have no domain of that name here." in page.text
    assert "Privacy is on already" in page.text
    assert len(page.text.encode()) < 60_000


async def test_many_are_switched_at_once_and_the_outcome_of_each_is_told(site: Site, world: World) -> None:
    await world.register(PROHIBITED)
    await world.register(OTHERS, renamed(email="somebody@else.example"))
    browser = await site.owner()
    names = [RDDS_ONLY.a_label, PROHIBITED.a_label, OTHERS.a_label]
    page = await browser.get(f"{MANY}?" + "&".join(f"d={name}" for name in names))
    sent = [*fields_of(page).items(), ("csrf", page.csrf), *(("d", name) for name in names)]
    texts = []
    for _ in range(2):
        async with browser.http.post(browser.base_url + MANY, data=sent) as answer:
            texts.append(await answer.text())
            assert answer.status == 200
    first, text = texts
    assert "The switch of 1 domain has begun." in first
    assert "This is under way already" in text
    assert "forbid privacy services" in text
    assert "You have no domain of that name here." in text
    assert REGISTRANT.name not in unescape(text)
    await world.work()
    assert (await world.status(RDDS_ONLY)).privacy.status.state is PrivacyState.ENABLED
    assert (await world.status(OTHERS)).privacy.status.wanted is False
    assert (await world.events()).count("privacy.enabling") == 1


async def test_no_more_than_so_many_are_looked_at_once(site: Site) -> None:
    browser = await site.owner()
    names = [RDDS_ONLY.a_label, *(f"zoe-{number}.com" for number in range(MOST_AT_ONCE + 4))]
    page = await browser.get(f"{MANY}?" + "&".join(f"d={name}" for name in names))
    assert f"At most {MOST_AT_ONCE} domains at once" in page.text
    assert "5 more were left out." in page.text
    assert "No domain was chosen." in (await browser.get(MANY)).text


async def test_a_failure_says_why_and_whether_it_is_tried_again(site: Site, world: World) -> None:
    await world.register(SUBSTITUTED)
    browser = await site.owner()
    world.registry.faults = [RegistryUnavailable("away")]
    begun = await switched_on(browser, SUBSTITUTED)
    await world.work()
    waiting = await browser.get(begun.location)
    assert "The registry cannot be reached at the moment." in waiting.text
    assert "It goes on by itself" in waiting.text
    world.registry.faults = [RegistryRefused(2306, "policy")]
    world.clock.pass_by(hours=1)
    await world.work()
    failed = await browser.get(begun.location)
    assert "The registry has refused the change." in failed.text
    assert "It is not tried again by itself." in failed.text
    assert f'href="/domains/{SUBSTITUTED}/privacy?to=on"' in failed.text
    assert "live.js" not in failed.text


async def test_without_a_script_the_page_is_loaded_again_until_the_end(site: Site, world: World) -> None:
    browser = await site.owner()
    begun = await switched_on(browser)
    assert (
        '<noscript><meta http-equiv="refresh" content="5"></noscript>'
        in (await browser.get(begun.location)).text
    )
    world.clock.pass_by(minutes=20)
    assert 'content="300"' in (await browser.get(begun.location)).text
    await world.work()
    assert "http-equiv" not in (await browser.get(begun.location)).text


def _content(page: Answer) -> str:
    """Return what a page says, without the navigation, which tells the area that the path is in."""
    return page.text.partition("<main")[2].partition("</main>")[0]


class Stream:
    """The events of an operation, as they come."""

    def __init__(self, browser: Browser, path: str) -> None:
        self._browser = browser
        self._path = path

    async def __aenter__(self) -> Self:
        self._answer = await self._browser.http.get(f"{self._browser.base_url}{self._path}/events")
        self.headers = self._answer.headers
        self.status = self._answer.status
        return self

    async def __aexit__(self, *_: object) -> None:
        self._answer.close()

    async def next(self) -> str:
        """Return the next event whole, "" at the end."""
        lines = []
        async for line in self._answer.content:
            lines.append(line.decode())
            if line == b"\n" and lines[0] not in {": \n", "retry: 3000\n"}:
                return "".join(lines)
            if line == b"\n":
                lines = []
        return ""


async def test_events_tell_each_state_as_the_page_has_it_and_end(site: Site, world: World) -> None:
    browser = await site.owner()
    begun = await switched_on(browser)
    page = await browser.get(begun.location)
    assert f'data-live="{begun.location}/events"' in page.text
    async with Stream(browser, begun.location) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["Cache-Control"] == "no-store"
        assert stream.headers["Referrer-Policy"] == "same-origin"
        assert stream.headers["X-Content-Type-Options"] == "nosniff"
        first = await stream.next()
        assert first.startswith("event: state\n")
        said = [line.removeprefix("data: ") for line in first.splitlines()[1:-1]]
        assert "\n".join(said) in page.text
        await world.work()
        ended = await stream.next()
        assert ended.startswith("event: end\n")
        assert "This is done" in ended
        assert await stream.next() == ""
    # Who comes late is told at once.
    async with Stream(browser, begun.location) as late:
        assert (await late.next()).startswith("event: end\n")
        assert await late.next() == ""


async def test_events_end_when_their_owner_is_signed_out(site: Site) -> None:
    browser = await site.owner()
    begun = await switched_on(browser)
    async with Stream(browser, begun.location) as stream:
        assert (await stream.next()).startswith("event: state\n")
        other = await site.owner()
        await other.post("/security/sessions/others/end")
        assert await stream.next() == ""
    assert (await browser.get(f"{begun.location}/events")).location == "/sign-in"


async def test_events_end_when_the_domain_goes_to_somebody_else(site: Site, world: World) -> None:
    await world.register(SUBSTITUTED)
    browser = await site.owner()
    begun = await switched_on(browser, SUBSTITUTED)
    async with Stream(browser, begun.location) as stream:
        assert (await stream.next()).startswith("event: state\n")
        await world.register(SUBSTITUTED, renamed(name="Somebody New", email="new@else.example"))
        # What goes on is not for his eyes any more.
        await world.work()
        assert await stream.next() == ""


async def test_a_stream_that_cannot_go_on_ends_as_a_stream(site: Site, world: World) -> None:
    """Its answer has begun: an error page in the middle of it would be read as events."""
    browser = await site.owner()
    begun = await switched_on(browser)
    registration = await world.registrations.get(world.registrar, RDDS_ONLY)
    async with Stream(browser, begun.location) as stream:
        assert (await stream.next()).startswith("event: state\n")
        async with world.storage.unit_of_work() as uow:
            # He cannot be read any more, and there is something to tell.
            await uow.sealing.destroy(registration.registrant_id)
            operation = await uow.operations.get(begun.location.rpartition("/")[2])
            assert operation is not None
            await uow.operations.update(replace(operation, problem_code="REGISTRY_PENDING"))
        assert await stream.next() == ""


async def test_a_session_has_only_so_many_streams(site: Site) -> None:
    browser = await site.owner()
    begun = await switched_on(browser)
    streams = [Stream(browser, begun.location) for _ in range(5)]
    opened = [await stream.__aenter__() for stream in streams]
    assert [stream.status for stream in opened] == [200, 200, 200, 200, 503]
    assert opened[-1].headers["Retry-After"]
    for stream in opened:
        await stream.__aexit__()


async def test_the_server_stops_although_somebody_follows(site: Site) -> None:
    browser = await site.owner()
    begun = await switched_on(browser)
    runner = web.AppRunner(make_portal_app(site.deps), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    other = replace(browser, base_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    async with Stream(other, begun.location) as stream:
        assert (await stream.next()).startswith("event: state\n")
        await runner.cleanup()
        # It was ended, not cut: then the browser would say so.
        assert await stream.next() == ""


async def test_head_of_a_stream_does_not_wait(site: Site) -> None:
    browser = await site.owner()
    begun = await switched_on(browser)
    async with browser.http.head(f"{browser.base_url}{begun.location}/events") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_speaks_every_language(site: Site, world: World, language: str) -> None:
    await world.register(PROHIBITED)
    browser = await site.owner()
    begun = await switched_on(browser)
    for path in (PAGE, f"/domains/{PROHIBITED}/privacy", f"{MANY}?d={RDDS_ONLY}&to=off", begun.location):
        page = await browser.get(path, **{"Accept-Language": language})
        assert (page.status, f'<html lang="{language}"' in page.text) == (200, True)
        assert page.text.count("<h1>") == 1


def test_every_trouble_that_registries_make_has_words_for_owners() -> None:
    said = {code: words.problem(code) for code in _TABLE}
    assert words.problem("DOMAIN_TRANSFER_PENDING") not in said.values()
    assert words.problem("") == ""


# A text that was agreed to is never changed. Other words, in any language, are a new version.
_AGREED = {
    "hide-2026-11": {
        "en": "58636b6430bbdd15",
        "de": "9b0f4f25c5ef1bf8",
        "fr": "178f3800e35c4d57",
        "it": "ab13cea655ae6bdd",
        "es": "8a71fe3e200d9218",
    },
    "show-2026-11": {
        "en": "8be4bf876bc47a8a",
        "de": "ee3fcd6f870f4efe",
        "fr": "79d74d72a1ff9a9b",
        "it": "444a6c690e5c4915",
        "es": "c9538193a39b2a29",
    },
}


@pytest.mark.parametrize("version", TEXTS)
def test_the_words_of_a_version_stay_as_they_are(version: str) -> None:
    for language, digest in _AGREED[version].items():
        read = translations(language)
        text = "\n".join(map(read.gettext, TEXTS[version].statements))
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest, language
    assert set(_AGREED[version]) == set(LANGUAGES)
