"""The pages of an owner's domains: what they show and to whom, and that nothing in them is more than text."""

import re
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from html import escape, unescape
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest

from registries.contact import Contact
from registries.lookup.verdict import Doubt, Finding, Verdict
from registries.policy import HOLDER_CHANGES, Confidence, Mechanism, Reason
from tests.whoisproxy.portal.site import Answer, Browser, Site, open_site
from tests.whoisproxy.services.test_owner_domains import BAKERY, put
from tests.whoisproxy.services.world import (
    FLAGGED,
    PROHIBITED,
    RDDS_ONLY,
    RELAY_EMAIL,
    SPEC,
    SUBSTITUTED,
    World,
    make_world,
    renamed,
)
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationKind, OperationState
from whoisproxy.domain.owner_domains import Glance, Turn
from whoisproxy.domain.publication_watch import Place, Sighting
from whoisproxy.i18n import LANGUAGES, translations
from whoisproxy.portal.domains import words
from whoisproxy.portal.domains.routes import ROUTES
from whoisproxy.portal.route import Route
from whoisproxy.services.owners.domains import ON_A_PAGE
from whoisproxy.storage.repositories.publication_history import Exhibit
from whoisproxy.storage.unit_of_work import Storage

MARKUP = "</pre><script src=//evil.example/x.js></script><img src=x onerror=alert(1)>\"'&amp;"
ELSE = DomainName("else-studio.com")
OF_OTHER_REGISTRAR = DomainName("zoe-elsewhere.com")
_MOST_OCTETS = 60_000
_LONGEST_LINE = 8000
_ROW = re.compile(r'<a href="/domains/([^"/]+)">')
_NEXT = re.compile(r'<a href="(\?[^"]+)">Next page</a>')


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """Domains of each kind, one of another owner, and one of another registrar."""
    world = await make_world(sqlite_storage)
    for name in (SUBSTITUTED, RELAY_EMAIL, FLAGGED, PROHIBITED, BAKERY):
        await world.register(name)
    await world.register(ELSE, renamed(email="somebody@else.example"))
    other = await world.accounts.add_registrar("Other", "https://other.example")
    await world.registrations.put(other, OF_OTHER_REGISTRAR, SPEC)
    return world


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The pages over plain HTTP; `RDDS_ONLY` is the owner's as well."""
    async with open_site(world, tmp_path) as opened:
        yield opened


@pytest.fixture
async def owner(site: Site) -> Browser:
    """Return the browser of the owner, who has signed in."""
    return await site.owner()


async def evidence(world: World, name: DomainName, answer: str) -> str:
    """Keep an answer of a public directory, and what its server showed; return its id."""
    now = world.clock()
    async with world.storage.unit_of_work() as uow:
        registration = await uow.registrations.by_name(name)
        assert registration is not None
        history, id_ = uow.publication_history, new_id("pev", now)
        seen = Finding(Verdict.UNKNOWN, (MARKUP,), ("whois",), Doubt.CUT_OFF)
        await history.put(
            registration.id,
            [Sighting(Place.REGISTRY, "whois", MARKUP[:200], False, seen, now, 1, now, now, None)],  # noqa: FBT003
        )
        kept = Exhibit(id_, Place.REGISTRY, "whois", MARKUP[:200], Verdict.LEAK, now, now, answer)
        await history.keep(registration.id, registration.registrant_id, [kept])
    return id_


def rows(page: Answer) -> list[str]:
    """Return the domains of a list."""
    assert page.status == 200
    return _ROW.findall(page.text)


def row(page: Answer, name: DomainName) -> str:
    """Return what a list says of a domain."""
    [found] = [one for one in page.text.split("<li>") if f'href="/domains/{name.a_label}"' in one]
    return found.partition("</li>")[0]


async def test_who_has_signed_in_sees_his_domains_first(site: Site) -> None:
    browser = site.browser()
    entered = await browser.enters(await site.entry.link())
    page = await browser.get(entered.location)
    assert '<a href="/domains" aria-current="page">Domains</a>' in page.text
    names = (SUBSTITUTED, RELAY_EMAIL, FLAGGED, PROHIBITED, RDDS_ONLY, BAKERY)
    assert sorted(rows(page)) == sorted(name.a_label for name in names)
    assert (await browser.get("/")).location == "/domains"


async def test_a_row_says_in_words_how_a_domain_stands_and_leads_to_its_switch(
    world: World, owner: Browser
) -> None:
    await world.enable(SUBSTITUTED)
    await put(world, RELAY_EMAIL, "on")
    await put(world, RDDS_ONLY, "frozen")
    await put(world, FLAGGED, "failed")
    page = await owner.get("/domains")
    view = await world.status(SUBSTITUTED)
    assert view.operation is not None
    said: dict[DomainName, tuple[str, ...]] = {
        SUBSTITUTED: ("#is-changing", "Changing", f"/operations/{view.operation.id}", "?to=off"),
        RELAY_EMAIL: ("#is-limited", "Privacy on, with limits", "?to=off"),
        RDDS_ONLY: ("#is-frozen", "Frozen", "while on"),
        FLAGGED: ("#is-attention", "Needs attention", "The last change failed", "?to=on"),
        BAKERY: ("#is-off", "Privacy off", "müller-bäckerei.com", BAKERY.a_label, "?to=on"),
        PROHIBITED: ("#is-impossible", "Not possible"),
    }
    for name, parts in said.items():
        shown = row(page, name)
        assert [part for part in parts if part not in shown] == []
        can = "?to=" in "".join(parts)
        assert (f"/domains/{name.a_label}/privacy" in shown) is can
        assert (f'<input type="checkbox" name="d" value="{name.a_label}">' in shown) is can
    assert '<form method="get" action="/domains/privacy" data-tick>' in page.text


async def test_pages_lead_to_all_domains_and_keep_what_was_asked_for(world: World, owner: Browser) -> None:
    names = [DomainName(f"shop-{number:03}.{('com', 'org')[number % 2]}") for number in range(230)]
    for name in names:
        await world.register(name)
    found, path, pages = list[str](), "?q=SHOP-&state=off&tld=com", 0
    while path:
        page = await owner.get(f"/domains{path}")
        found += rows(page)
        following = _NEXT.search(page.text)
        path = unescape(following[1]) if following else ""
        pages += 1
        if path:
            assert parse_qs(path[1:]) == {
                "q": ["SHOP-"], "state": ["off"], "tld": ["com"], "page": [str(pages + 1)]
            }  # fmt: skip
    assert found == [name.a_label for name in names if name.suffix == "com"]
    assert pages == -(-115 // ON_A_PAGE)
    last = await owner.get("/domains?page=99999")
    assert "page 5 of 5" in last.text
    assert len(rows(last)) == 236 - 4 * ON_A_PAGE


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=-1", "page=x", "page=%C2%B2", "page=999999", "state=nonsense", "state=", "q=%20",
        "q=%00", "tld=", "lang=xx", "page=2&page=1", "page=" + "9" * 400,
    ],
)  # fmt: skip
async def test_what_is_not_understood_asks_for_nothing(owner: Browser, query: str) -> None:
    assert len(rows(await owner.get(f"/domains?{query}"))) == 6


@pytest.mark.parametrize("text", ["%FF", "%ED%A0%80", "%F0%9F%92%A9", "%25", "%5C%5C", "a%20or%201=1"])
async def test_what_is_in_no_name_finds_nothing(owner: Browser, text: str) -> None:
    page = await owner.get(f"/domains?q={text}")
    assert (rows(page), "No domain is like that." in page.text) == ([], True)


@pytest.mark.parametrize("query", ["q=", "tld=", "tld=xn--zzzz", "q=x&tld="])
async def test_what_was_typed_is_shown_as_text(owner: Browser, query: str) -> None:
    page = await owner.get(f"/domains?{query}{quote(MARKUP)}")
    assert page.status == 200
    assert "<script src=//" not in page.text
    assert "<img" not in page.text
    assert escape(MARKUP).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page.text
    assert "No domain is like that." in page.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_full_page_of_the_longest_names_is_small(world: World, owner: Browser, language: str) -> None:
    for number in range(ON_A_PAGE):
        # A label of 63 octets; a form for people of other letters, of three octets each.
        word = f"{'x' * 59}{number:04}" if number % 2 else "日本語" * 5 + f"{number:02}"
        name = DomainName.parse(f"{word}.co.uk")
        await world.register(name)
        await put(world, name, "failed" if number % 3 else "off")
    page = await owner.get("/domains?tld=co.uk", **{"Accept-Language": language})
    assert len(rows(page)) == ON_A_PAGE
    # All of them can be chosen: a form by GET becomes a request line, of which servers take 8,190 octets.
    assert len("&d=".join(rows(page))) < _LONGEST_LINE
    loaded = [
        await owner.get(unescape(part)) for part in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    ]
    assert {one.status for one in loaded} == {200}
    assert sum(len(one.text.encode()) for one in (page, *loaded)) < _MOST_OCTETS
    assert not re.search(r"<style|<script>|\sstyle=|\son\w+=", page.text)


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if "{domain}" in one.path], ids=lambda one: f"{one.method} {one.path}"
)
async def test_a_domain_that_is_not_his_is_not_there(world: World, owner: Browser, route: Route) -> None:
    """One and the same page for another owner's, another registrar's, nobody's and what is no name."""
    path = route.path
    his = {name: await evidence(world, name, "x") for name in (RDDS_ONLY, ELSE, OF_OTHER_REGISTRAR)}
    gone = await owner.get("/domains/nobody-has-this.com")
    assert gone.status == 404
    ok = path.replace("{domain}", RDDS_ONLY.a_label).replace("{exhibit}", his[RDDS_ONLY])
    assert (await owner.get(ok)).status == 200
    for name in (ELSE.a_label, OF_OTHER_REGISTRAR.a_label, "nobody-has-this.com", "com", "%00", "%FF"):
        for exhibit in his.values():
            answer = await owner.get(path.replace("{domain}", name).replace("{exhibit}", exhibit))
            assert (answer.status, answer.text) == (404, gone.text)
    if "{exhibit}" in path:
        for exhibit in (his[ELSE], his[OF_OTHER_REGISTRAR], "x", "%00"):
            own = path.replace("{domain}", RDDS_ONLY.a_label).replace("{exhibit}", exhibit)
            assert (await owner.get(own)).status == 404


async def test_what_a_server_wrote_is_text(world: World, owner: Browser) -> None:
    id_ = await evidence(world, RDDS_ONLY, f"Registrant: {MARKUP}\r\n\x1b[2Jfoo\u202etxt\x00")
    about, page = [await owner.get(f"/domains/{RDDS_ONLY}{more}") for more in ("", f"/evidence/{id_}")]
    for one in (about, page):
        assert one.status == 200
        assert "evil.example" in one.text
        assert not re.search(r"<script src=//|<img|\x1b|\x00|\u202e", one.text)
    text = unescape(page.text.partition("<pre")[2].partition("</pre>")[0])
    assert text.endswith(f"Registrant: {MARKUP}\n\ufffd[2Jfoo\ufffdtxt\ufffd")


async def test_a_long_answer_is_cut_and_says_so(world: World, owner: Browser) -> None:
    id_ = await evidence(world, RDDS_ONLY, "<&>\n" * 100_000)
    page = await owner.get(f"/domains/{RDDS_ONLY}/evidence/{id_}")
    assert "Only the beginning is shown." in page.text
    assert len(page.text.encode()) < _MOST_OCTETS - 15_000


async def test_a_domain_is_shown_with_its_rule_and_its_source(owner: Browser, world: World) -> None:
    page = await owner.get(f"/domains/{PROHIBITED}")
    policy = (await world.status(PROHIBITED)).policy
    for part in (words.REASONS[Reason.PROHIBITED], policy.explanation, policy.source, "Not possible"):
        assert part in unescape(page.text)
    assert "/privacy?" not in page.text
    costs = await owner.get(f"/domains/{SUBSTITUTED}")
    assert "A switch counts as a change of holder." in costs.text
    assert "locked for 60 days" in costs.text
    for path in ("/privacy?to=on", "/mail"):
        assert f'href="/domains/{SUBSTITUTED}{path}"' in costs.text
    assert f'href="/mail?domain={SUBSTITUTED}"' in costs.text


async def test_a_domain_is_found_by_its_name_in_either_form(owner: Browser) -> None:
    for path in (BAKERY.a_label, quote(BAKERY.u_label), BAKERY.a_label.upper()):
        page = await owner.get(f"/domains/{path}")
        assert f"<h1>{BAKERY.u_label} <small>{BAKERY.a_label}</small></h1>" in page.text


async def test_a_switch_is_followed_from_its_beginning_to_its_end(world: World, owner: Browser) -> None:
    await world.enable(SUBSTITUTED)
    view = await world.status(SUBSTITUTED)
    assert view.operation is not None
    running = await owner.get(f"/domains/{SUBSTITUTED}")
    assert f'<a href="/operations/{view.operation.id}">Switching on · under way</a>' in running.text
    await world.work()
    done = await owner.get(f"/domains/{SUBSTITUTED}")
    assert "Privacy on" in done.text
    assert "Switching on · done" in done.text
    identity = (await world.status(SUBSTITUTED)).identity
    assert identity is not None
    assert f"<code>{identity.relay_address.replace('@', '@<wbr>')}</code>" in done.text
    await put(world, SUBSTITUTED, "failed")
    failed = await owner.get(f"/domains/{SUBSTITUTED}")
    assert "The last change failed. The registry refused the change. You can try again." in failed.text
    for turn in Turn:
        assert f"/domains/{SUBSTITUTED}/privacy?to={turn}" in failed.text
    await put(world, SUBSTITUTED, "gone")
    gone = await owner.get(f"/domains/{SUBSTITUTED}")
    assert "The domain went to another registrar." in gone.text
    assert "/privacy?" not in gone.text


async def test_an_unconfirmed_mailbox_is_named_as_what_is_in_the_way(world: World, owner: Browser) -> None:
    await world.register(RDDS_ONLY, replace(SPEC, registrant_verified=False))
    assert "has not confirmed your email address" in (await owner.get(f"/domains/{RDDS_ONLY}")).text
    assert "has not confirmed" not in (await owner.get(f"/domains/{SUBSTITUTED}")).text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_speaks_every_language(world: World, owner: Browser, language: str) -> None:
    id_ = await evidence(world, RDDS_ONLY, "x")
    for path in ("/domains", f"/domains/{RDDS_ONLY}", f"/domains/{RDDS_ONLY}/evidence/{id_}"):
        page = await owner.get(path, **{"Accept-Language": language})
        assert (page.status, f'<html lang="{language}"' in page.text) == (200, True)
        assert page.text.count("<h1") == 1
    said = translations(language).gettext(words.GLANCES[Glance.OFF])
    assert said in unescape((await owner.get("/domains", **{"Accept-Language": language})).text)


def test_there_are_words_for_whatever_can_be() -> None:
    tables: dict[str, tuple[object, object]] = {
        "glances": (words.GLANCES, Glance),
        "turns": (words.TURNS, Turn),
        "mechanisms": (words.MECHANISMS, set(Mechanism) - {Mechanism.NONE}),
        "reasons": (words.REASONS, Reason),
        "confidences": (words.CONFIDENCES, Confidence),
        "changes": (words.HOLDER_CHANGES, HOLDER_CHANGES),
        "places": (words.PLACES, Place),
        "verdicts": (words.VERDICTS, {*Verdict, None}),
        "doubts": (words.DOUBTS, Doubt),
        "fields": (words.FIELDS, [each.name for each in fields(Contact)]),
        "operations": (words.OPERATIONS, OperationKind),
        "ends": (words.ENDS, OperationState),
    }
    for name, (table, all_of) in tables.items():
        assert set(table) == set(all_of), name  # type: ignore[call-overload]
    assert words.trouble("") == ""
    assert words.trouble("DOMAIN_TRANSFER_PENDING") == words.trouble("something new")
