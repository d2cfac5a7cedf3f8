"""The pages of an account: what is held, corrected, wished, exported, and the end of it."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.whoisproxy.portal.site import Browser, Site, open_site
from tests.whoisproxy.services.own_data import exports_of
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, SPEC, World, make_world
from whoisproxy.domain.disclosure import LONGEST, DisclosedField, Grant, Look, Purpose, Requester
from whoisproxy.domain.export import KEPT, MOST_A_DAY
from whoisproxy.domain.names import DomainName
from whoisproxy.i18n import LANGUAGES, translations
from whoisproxy.portal.account.routes import ROUTES
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.owners.exports import EXPORT
from whoisproxy.storage.unit_of_work import Storage

_MOST_OCTETS = 60_000
_PAGES = [route.path for route in ROUTES if route.method == "GET" and "{" not in route.path]


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """The services over an empty database."""
    return await make_world(sqlite_storage)


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The pages over plain HTTP."""
    async with open_site(world, tmp_path) as opened:
        yield opened


async def _form(site: Site) -> str:
    return f"/account/registrants/{await site.entry.registrant_id()}/correction"


def _typed(**changes: str) -> dict[str, str]:
    fields = {**REGISTRANT.as_dict(), "street": "\r\n".join(REGISTRANT.street)}
    del fields["language"]
    return {name: str(value) for name, value in fields.items()} | changes


async def _made(site: Site) -> None:
    """Let exports be made."""
    world = site.entry.world
    maker = exports_of(site.entry)
    await OutboxWorker(world.storage, {EXPORT: maker}, "exports", world.clock).run_due()


async def _stranger(site: Site) -> Browser:
    """Return the browser of another owner at the same registrar."""
    other = await site.entry.found_of_another_owner()
    async with site.entry.world.storage.reading() as uow:
        account = other.account
        [his] = await uow.registrations.of_owner(account.registrar_id, account.owner_index)
    made = await site.entry.sign_in.registrar_link(site.entry.world.registrar, his.registrant_id)
    browser = site.browser()
    await browser.enters(made.token)
    await browser.get("/security")
    return browser


async def _elsewhere(site: Site) -> Browser:
    """Return the browser of the same person at another registrar."""
    world = site.entry.world
    registrar = await world.accounts.add_registrar("Other", "https://other.example")
    registration, _ = await world.registrations.put(registrar, DomainName("zoe-other.com"), SPEC)
    made = await site.entry.sign_in.registrar_link(registrar, registration.registrant_id)
    browser = site.browser()
    await browser.enters(made.token)
    await browser.get("/security")
    return browser


async def test_equal_data_are_shown_once_with_their_domains(site: Site, world: World) -> None:
    for number in range(20):
        await world.register(DomainName(f"zoe-field{number}.com"))
    await world.register(
        DomainName("zoe-firm.com"), replace(SPEC, registrant=replace(REGISTRANT, city="Bonn"))
    )
    page = await (await site.owner()).get("/account")
    assert page.text.count(REGISTRANT.email) == 2
    assert "For 21 domains" in page.text
    assert "and 9 more" in page.text
    assert "Germany" in page.text
    assert "730 days after the disclosure ended" in page.text
    somebody = await (await _stranger(site)).get("/account")
    assert REGISTRANT.email not in somebody.text
    assert "zoe-field" not in somebody.text


async def test_a_correction_waits_for_the_registrar_and_is_taken_back(site: Site, world: World) -> None:
    browser, form = await site.owner(), await _form(site)
    assert "Hauptstraße 12\nHinterhof</textarea>" in (await browser.get(form)).text
    sent = await browser.post(form, None, **_typed(city="Bonn", street="Neue Gasse 3\r\n\r\n"))
    assert sent.location == "/account/corrections"
    listed = await browser.get("/account/corrections")
    assert "Waits for your registrar" in listed.text
    assert "Neue Gasse 3" in listed.text
    [asked] = await site.deps.own_data.corrections.page(world.registrar, None, "", 10)
    path = f"/account/corrections/{asked.correction.id}/withdraw"
    assert (await browser.post(path)).location == "/account/corrections"
    assert (await browser.post(path)).status == 404
    assert "Taken back" in (await browser.get("/account/corrections")).text


async def test_a_refusal_says_why_and_what_is_applied_is_shown_as_held(site: Site, world: World) -> None:
    browser, form = await site.owner(), await _form(site)
    await browser.get(form)
    corrections = site.deps.own_data.corrections
    await browser.post(form, None, **_typed(city="Bonn"))
    [asked] = await corrections.page(world.registrar, None, "", 10)
    await corrections.refuse(world.registrar, asked.correction.id, "Send <b>papers</b> first.")
    listed = (await browser.get("/account/corrections")).text
    assert "Refused by your registrar" in listed
    assert "Send &lt;b&gt;papers&lt;/b&gt; first." in listed
    world.clock.pass_by(seconds=1)
    await browser.post(form, None, **_typed(city="Basel"))
    asked = (await corrections.page(world.registrar, None, "", 10))[-1]
    await corrections.apply(world.registrar, asked.correction.id)
    assert "Basel" in (await browser.get("/account")).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Nothing is different from what is held."),
        ({"phone": "12"}, "Please enter a number with country code"),
        ({"email": "nobody"}, "Please enter an email address"),
        ({"street": " \r\n"}, "Please enter one to three lines."),
        ({"name": "x" * 256}, "Please enter a name of at most 255 characters."),
        ({"country_code": "ZZ"}, "Please choose a country."),
        ({"name": "Somebody", "email": "else@home.example"}, "it would be another owner"),
    ],
)
async def test_what_is_wrong_with_a_correction_is_said_and_what_was_typed_stays(
    site: Site, changes: dict[str, str], said: str
) -> None:
    browser, form = await site.owner(), await _form(site)
    await browser.get(form)
    typed = _typed(organization="Typed <Org>", **changes) if changes else _typed()
    answer = await browser.post(form, None, **typed)
    assert answer.status == 422
    assert said in unescape(answer.text)
    assert not changes or "Typed &lt;Org&gt;" in answer.text


async def test_a_correction_and_an_export_want_a_fresh_proof(site: Site, world: World) -> None:
    browser, form = await site.owner(), await _form(site)
    await browser.post("/account/exports")
    await _made(site)
    [export] = await site.deps.own_data.exports.of_account((await site.entry.signed_in()).account)
    world.clock.pass_by(minutes=16)
    await browser.get("/account")
    for path, place in ((form, "account"), (f"/account/exports/{export.id}", "exports")):
        assert (await browser.get(path)).location == f"/prove?for={place}"
    for path, place, fields in (
        (form, "account", _typed(city="Bonn")),
        ("/account/closing", "closing", {"read": "yes"}),
    ):
        assert (await browser.post(path, None, **fields)).location == f"/prove?for={place}"
    assert await site.deps.own_data.corrections.page(world.registrar, None, "", 10) == []
    assert (await browser.get("/account")).status == 200


async def test_the_language_of_the_profile_is_that_of_the_pages(site: Site) -> None:
    browser = await site.owner()
    assert (await browser.post("/account/preferences", do="language", language="fr")).status == 303
    page = await browser.get("/account/preferences", **{"Accept-Language": "de"})
    assert '<html lang="fr">' in page.text
    assert '<option value="fr" lang="fr" selected>' in page.text
    assert (await browser.post("/account/preferences", do="language", language="tlh")).status == 404
    await browser.post("/account/preferences", do="language", language="")
    assert '<html lang="de">' in (await browser.get("/account", **{"Accept-Language": "de"})).text


async def test_how_often_held_mail_is_told_of_is_his_choice(site: Site) -> None:
    browser = await site.owner()
    for wish in ("weekly", "off", "daily"):
        assert (await browser.post("/account/preferences", do="letters", wish=wish)).status == 303
        assert f'value="{wish}" checked' in (await browser.get("/account/preferences")).text
    assert (await browser.post("/account/preferences", do="letters", wish="hourly")).status == 404
    assert (await browser.post("/account/preferences")).status == 404


def _grant(domain_id: str, registrar_id: str, registrant_id: str, purpose: Purpose, world: World) -> Grant:
    return Grant(
        f"dis_{purpose[:4].lower()}",
        registrar_id,
        domain_id,
        RDDS_ONLY.a_label,
        registrant_id,
        purpose,
        (DisclosedField.NAME, DisclosedField.POSTAL_CODE),
        Requester("Lea Recht"),
        "order 12/345",
        world.clock(),
        world.clock() + LONGEST,
    )


async def test_every_look_is_listed_and_none_warns_who_is_investigated(site: Site, world: World) -> None:
    browser = await site.owner()
    assert "Nobody has looked." in (await browser.get("/account/access")).text
    known = await world.registrations.get(world.registrar, RDDS_ONLY)
    ids = known.id, world.registrar.id, known.registrant_id
    crime = Purpose.CRIMINAL_INVESTIGATION_AND_DNS_ABUSE_MITIGATION
    async with world.storage.unit_of_work() as uow:
        for number, purpose in enumerate((Purpose.LEGAL_ACTIONS, crime)):
            grant = _grant(*ids, purpose, world)
            await uow.disclosures.add(grant, bytes([number]) * 32)
            for look in range(20):
                at = world.clock() + timedelta(minutes=look)
                name = f"look_{number}{look:02}"
                await uow.disclosures.add_look(Look(name, grant.id, at, grant.fields, "192.0.2.0/24"))
        await uow.registrant_reads.note("key_1", [known.registrant_id], world.clock().date())
    page = (await browser.get("/account/access")).text
    assert page.count("Legal actions") == 20
    assert page.count("Name, Postal code") == 20
    assert "key_1" in page
    assert "Link from your registrar" in page
    assert "Criminal investigation or abuse" not in page
    for kept_back in ("Lea Recht", "order 12/345", "192.0.2.0/24</td></tr>\n<tr><td>Criminal"):
        assert kept_back not in page
    world.clock.now += LONGEST
    browser = await site.owner()
    first, second = [(await browser.get(f"/account/access?page={page}")).text for page in (1, 2)]
    assert "?page=2" in first
    assert "?page=1" in second
    assert (
        first.count("Criminal investigation or abuse") + second.count("Criminal investigation or abuse") == 20
    )
    assert "Legal actions" not in (await (await _stranger(site)).get("/account/access")).text
    assert (await browser.get("/account/access?page=x")).text.count("<tr>") == first.count("<tr>")


async def test_an_export_is_fetched_by_its_owner_until_it_expires(site: Site, world: World) -> None:
    browser = await site.owner()
    assert (await browser.post("/account/exports")).location == "/account/exports"
    waiting = await browser.get("/account/exports")
    assert "Being made" in waiting.text
    assert "<button disabled>" in waiting.text
    [export] = await site.deps.own_data.exports.of_account((await site.entry.signed_in()).account)
    path = f"/account/exports/{export.id}"
    assert (await browser.get(path)).status == 404
    await _made(site)
    assert path in (await browser.get("/account/exports")).text
    async with browser.http.get(browser.base_url + path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/zip"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["Cache-Control"] == "no-store"
        with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
            assert REGISTRANT.email.encode() in archive.read("json/registrants.json")
    for other in (await _stranger(site), await _elsewhere(site)):
        refused, gone = await other.get(path), await other.get("/account/exports/exp_none")
        assert (refused.status, refused.text) == (404, gone.text)
    assert (await site.browser().get(path)).location == "/sign-in"
    world.clock.pass_by(days=KEPT.days)
    assert (await (await site.owner()).get(path)).status == 404


async def test_too_many_exports_are_refused(site: Site) -> None:
    browser = await site.owner()
    for _ in range(MOST_A_DAY):
        assert (await browser.post("/account/exports")).status == 303
        await _made(site)
    answer = await browser.post("/account/exports")
    assert (answer.status, f"asked for {MOST_A_DAY} files" in answer.text) == (422, True)


async def test_closing_says_its_rules_and_ends_all_sessions_at_once(site: Site) -> None:
    browser, elsewhere, other = await site.owner(), await site.owner(), await _stranger(site)
    rules = await browser.get("/account/closing")
    assert "What stays, and why" in rules.text
    unread = await browser.post("/account/closing")
    assert (unread.status, "Please tick this first." in unread.text) == (422, True)
    assert (await browser.get("/account")).status == 200
    secret = browser.cookie("owner")
    closed = await browser.post("/account/closing", read="yes")
    assert (closed.status, "Your account is closed" in closed.text) == (200, True)
    assert "<nav aria-label=" not in closed.text
    assert browser.cookie("owner") == ""
    browser.plant("owner", secret)
    for one in (browser, elsewhere):
        assert (await one.get("/account")).location == "/sign-in"
    assert (await other.get("/account")).status == 200
    assert (await (await site.owner()).get("/account")).status == 200


async def test_what_is_of_another_owner_is_not_there(site: Site, world: World) -> None:
    """Neither for another owner of the same registrar, nor for the same person at another."""
    mine, form = await site.owner(), await _form(site)
    await mine.post(form, None, **_typed(city="Bonn"))
    [asked] = await site.deps.own_data.corrections.page(world.registrar, None, "", 10)
    withdraw = f"/account/corrections/{asked.correction.id}/withdraw"
    for other in (await _stranger(site), await _elsewhere(site)):
        assert (await other.get(form)).status == 404
        assert (await other.post(form, None, **_typed(city="Basel"))).status == 404
        assert (await other.post(withdraw)).status == 404
        assert "Bonn" not in (await other.get("/account/corrections")).text
    for odd in ("own_%00", "own_x'--", "x", "own_" + "9" * 200):
        assert (await mine.get(f"/account/registrants/{odd}/correction")).status == 404
    assert (await site.deps.own_data.corrections.get(world.registrar, asked.correction.id)).correction.is_open


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_whole_in_each_language_and_small(site: Site, language: str) -> None:
    browser, form = await site.owner(), await _form(site)
    await browser.post(form, None, **_typed(city="Bonn"))
    await browser.post("/account/exports")
    await _made(site)
    account = translations(language).gettext("Account")
    for path in (*_PAGES, form):
        page = await browser.get(path, **{"Accept-Language": language})
        assert (page.status, page.text.count("<h1>")) == (200, 1), path
        assert f'<html lang="{language}">' in page.text
        assert f">{account}</a>" in unescape(page.text)
        # In the areas, and in the pages of this one.
        assert page.text.count("aria-current=") == (1 if path == form else 2), path
        assert len(page.text.encode()) < _MOST_OCTETS


async def test_an_owner_of_many_different_registrants_gets_pages(site: Site, world: World) -> None:
    for number in range(25):
        registrant = replace(REGISTRANT, city=f"City {number}")
        await world.register(DomainName(f"zoe-field{number}.com"), replace(SPEC, registrant=registrant))
    browser, seen = await site.owner(), []
    for page in (1, 2, 3, 99):
        text = (await browser.get(f"/account?page={page}")).text
        seen.append(text.count('<h2 id="own_'))
    assert seen == [10, 10, 6, 6]
