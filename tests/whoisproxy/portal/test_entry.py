"""The way in by browser: what leads in, what does not, and what other sites cannot do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.whoisproxy.portal.site import Site, open_site
from tests.whoisproxy.services.entry import HOME, PASSWORD
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, World, make_world
from whoisproxy.domain.appearance import Appearance
from whoisproxy.services.owners.sessions import csrf_token, new_secret
from whoisproxy.storage.unit_of_work import Storage

MAILBOX = REGISTRANT.email


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """The services over an empty database."""
    return await make_world(sqlite_storage)


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The pages over plain HTTP."""
    async with open_site(world, tmp_path) as opened:
        yield opened


async def test_a_link_is_used_up_by_a_click_and_not_by_opening_it(site: Site) -> None:
    browser, token = site.browser(), await site.entry.link()
    pages = [await browser.get(f"/enter/{token}") for _ in range(3)]
    assert {(page.status, page.headers["Referrer-Policy"]) for page in pages} == {(200, "same-origin")}
    assert "Gandalf Domains" in pages[-1].text
    entered = await browser.post(f"/enter/{token}")
    assert (entered.status, entered.location) == (303, "/domains")
    assert (await browser.get("/security")).status == 200
    # For him who comes second, the link is like any that never was.
    other = site.browser()
    assert (await other.get(f"/enter/{token}")).status == 404
    assert (await other.get("/enter/r.nonsense")).text == (await other.get(f"/enter/{token}")).text


async def test_a_link_is_over_after_five_minutes(site: Site) -> None:
    browser, token = site.browser(), await site.entry.link()
    site.entry.world.clock.pass_by(minutes=4, seconds=59)
    assert (await browser.get(f"/enter/{token}")).status == 200
    site.entry.world.clock.pass_by(seconds=2)
    pages = [await browser.get(f"/enter/{token}"), await browser.post(f"/enter/{token}")]
    assert [one.status for one in pages] == [404, 404]
    assert pages[0].text == (await browser.get("/enter/r.nonsense")).text


async def test_what_a_browser_came_with_is_worth_nothing_after_sign_in(site: Site) -> None:
    """Session fixation: a planted cookie does not become the session."""
    browser, planted = site.browser(), new_secret()
    browser.plant("owner", planted)
    token = await site.entry.link()
    page = await browser.get(f"/enter/{token}")
    assert page.csrf == csrf_token(planted)
    assert (await browser.post(f"/enter/{token}")).status == 303
    assert browser.cookie("owner") != planted
    thief = site.browser()
    thief.plant("owner", planted)
    assert (await thief.get("/security")).location == "/sign-in"


async def test_known_and_unknown_mailboxes_get_the_same_answer(site: Site) -> None:
    await site.entry.with_password()
    browser = site.browser()
    await browser.get("/sign-in")
    letters = [await browser.post("/sign-in", do="letter", mailbox=one) for one in (MAILBOX, "x@b.example")]
    assert letters[0].text == letters[1].text
    assert {one.status for one in letters} == {200}
    wrong = [
        await browser.post("/sign-in", do="password", mailbox=one, password="a wrong password")
        for one in (MAILBOX, "x" + MAILBOX)
    ]
    texts = [
        _without_challenge(one.text.replace(mailbox, ""))
        for one, mailbox in zip(wrong, (MAILBOX, "x" + MAILBOX), strict=True)
    ]
    assert texts[0] == texts[1]
    assert {one.status for one in wrong} == {422}


def _without_challenge(text: str) -> str:
    start = text.index("data-options")
    return text[:start] + text[text.index('"', text.index('"', start) + 1) :]


async def test_a_password_and_a_code_lead_in_without_a_script(site: Site) -> None:
    secret, _, _ = await site.entry.with_totp()
    site.entry.world.clock.pass_by(seconds=60)
    browser = site.browser()
    await browser.get("/sign-in")
    half = await browser.post("/sign-in", do="password", mailbox=MAILBOX, password=PASSWORD)
    assert half.location == "/second-step"
    assert (await browser.get("/security")).location == "/second-step"
    assert (await browser.post("/security", do="remove-codes")).location == "/second-step"
    await browser.get("/second-step")
    assert (await browser.post("/second-step", do="code", code="123456")).status == 422
    await browser.get("/second-step")
    done = await browser.post("/second-step", do="code", code=site.entry.code(secret))
    assert done.location == "/domains"
    assert (await browser.get("/security")).status == 200


async def test_a_few_wrong_codes_end_half_a_sign_in(site: Site) -> None:
    await site.entry.with_totp()
    browser = site.browser()
    await browser.get("/sign-in")
    await browser.post("/sign-in", do="password", mailbox=MAILBOX, password=PASSWORD)
    await browser.get("/second-step")
    answers = [await browser.post("/second-step", do="code", code="000000") for _ in range(6)]
    assert [one.status for one in answers] == [422, 422, 422, 422, 303, 303]
    assert answers[-1].location == "/sign-in"


async def test_the_second_step_is_set_up_and_its_codes_are_shown_once(site: Site) -> None:
    browser = await site.owner()
    shown = await browser.post("/security/codes", do="begin")
    assert "<svg" in shown.text
    secret = shown.text.split("<code>")[1].split("</code>")[0].replace(" ", "")
    browser.csrf = shown.csrf
    wrong = await browser.post("/security/codes", do="confirm", code="abc")
    assert wrong.status == 422
    before = browser.cookie("owner")
    done = await browser.post("/security/codes", do="confirm", code=site.entry.code(secret))
    assert done.text.count("<code>") == 10
    assert browser.cookie("owner") != before
    page = await browser.get("/security")
    assert page.text.count("<code>") == 0
    assert "10 recovery codes" in page.text


async def test_what_is_proven_long_ago_changes_nothing(site: Site) -> None:
    await site.entry.with_password()
    browser = site.browser()
    await browser.enters(await site.entry.link())
    site.entry.world.clock.pass_by(minutes=16)
    await browser.get("/security")
    assert (await browser.post("/security", do="remove-password")).location == "/prove"
    assert (await browser.post("/security/codes", do="begin")).location == "/prove?for=codes"
    assert (await browser.post("/security/passkeys", answer="{}")).location == "/prove?for=passkeys"
    before = browser.cookie("owner")
    await browser.get("/prove")
    assert (await browser.post("/prove", do="password", password="wrong wrong wrong")).status == 422
    assert (await browser.post("/prove", do="password", password=PASSWORD)).location == "/security"
    assert browser.cookie("owner") != before
    await browser.get("/security")
    assert (await browser.post("/security", do="remove-password")).location == "/security"
    assert (await site.entry.sign_in.by_password(MAILBOX, PASSWORD, HOME)) is None


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (f"for=mail&domain={RDDS_ONLY.a_label}", f"/domains/{RDDS_ONLY.a_label}/mail"),
        (f"for=key&domain={RDDS_ONLY.a_label.upper()}", f"/domains/{RDDS_ONLY.a_label}/mail/key"),
        ("for=mail&domain=somebodys.example", "/domains"),
        ("for=mail&domain=..%2F..%2Fevil", "/domains"),
        ("for=mail", "/domains"),
        ("for=exports", "/account/exports"),
        ("for=https%3A%2F%2Fevil.example", "/security"),
        ("for=%2F%2Fevil.example%0D%0AX-Evil%3A+1", "/security"),
    ],
)
async def test_a_proof_leads_on_to_where_its_owner_was_and_nowhere_else(
    site: Site, asked: str, place: str
) -> None:
    await site.entry.with_password()
    browser = site.browser()
    await browser.enters(await site.entry.link())
    await browser.get(f"/prove?{asked}")
    proven = await browser.post(f"/prove?{asked}", do="password", password=PASSWORD)
    assert proven.location == place


async def test_an_owner_signs_out_from_any_page(site: Site) -> None:
    browser = await site.owner()
    for path in ("/domains", "/mail", "/account", "/security"):
        assert 'action="/sign-out"' in (await browser.get(path)).text
    assert (await browser.post("/sign-out")).location == "/sign-in"
    assert 'action="/sign-out"' not in (await browser.get("/sign-in")).text


async def test_sessions_of_another_owner_cannot_be_ended(site: Site) -> None:
    mine, his = await site.owner(), await site.owner()
    other = await site.entry.found_of_another_owner()
    assert (await mine.post(f"/security/sessions/{other.session.id}/end")).status == 404
    assert await site.entry.sessions.of_account(other.account) != []
    elsewhere = await site.entry.sessions.find(his.cookie("owner"))
    assert elsewhere is not None
    assert (await mine.post(f"/security/sessions/{elsewhere.session.id}/end")).status == 303
    assert (await his.get("/security")).location == "/sign-in"
    third = await site.owner()
    assert (await mine.post("/security/sessions/others/end")).status == 303
    assert (await third.get("/security")).location == "/sign-in"
    assert (await mine.get("/security")).status == 200


async def test_who_signs_in_again_leaves_no_session_behind(site: Site) -> None:
    browser = await site.owner()
    before = browser.cookie("owner")
    await browser.enters(await site.entry.link())
    assert browser.cookie("owner") != before
    assert await site.entry.sessions.find(before) is None


async def test_who_signs_out_is_out(site: Site) -> None:
    browser = await site.owner()
    secret = browser.cookie("owner")
    assert (await browser.post("/sign-out")).location == "/sign-in"
    assert browser.cookie("owner") == ""
    thief = site.browser()
    thief.plant("owner", secret)
    assert (await thief.get("/security")).location == "/sign-in"


async def test_cookies_over_tls_are_for_this_host_and_no_script(world: World, tmp_path: Path) -> None:
    async with open_site(world, tmp_path, "https://pages.example") as site:
        browser, token = site.browser(), await site.entry.link()
        page = await browser.get(f"/enter/{token}")
        [cookie] = page.headers.getall("Set-Cookie")
        secret = cookie.split("=")[1].split(";")[0]
        browser.csrf = page.csrf
        entered = await browser.post(f"/enter/{token}", {"Cookie": f"__Host-owner={secret}"})
        for one in (cookie, *entered.headers.getall("Set-Cookie")):
            assert one.startswith("__Host-")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {
                part.strip() for part in one.split(";")
            }
            assert "domain" not in one.lower()


async def test_no_page_of_the_way_in_leads_elsewhere(site: Site) -> None:
    """Open redirects: nothing of a request gets into Location."""
    browser = site.browser()
    for query in ("?next=//evil.example", "?next=https://evil.example", "?url=/\\evil.example"):
        assert (await browser.get(f"/security{query}")).location == "/sign-in"
    token = await site.entry.link()
    await browser.get(f"/enter/{token}?next=//evil.example")
    assert (
        await browser.post(f"/enter/{token}?next=//evil.example", next="//evil.example")
    ).location == "/domains"


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "es"])
async def test_every_page_speaks_every_language(site: Site, language: str) -> None:
    browser = await site.owner()
    for path in ("/security", "/security/codes", "/security/passkeys", "/prove", "/sign-in"):
        page = await browser.get(path, **{"Accept-Language": language})
        assert (page.status, f'<html lang="{language}"' in page.text) == (200, True)


async def test_on_a_registrars_own_host_its_own_customers_sign_in(site: Site) -> None:
    await site.entry.with_password()
    ours, other = (
        site.entry.world.registrar,
        await site.entry.world.accounts.add_registrar("Other", "https://o"),
    )
    for registrar, host in ((ours, "ours.example"), (other, "other.example")):
        look = Appearance(registrar.id, "Pages", host, "", "", "", "", "", "")
        await site.deps.appearances.put(look, None)
    wrong, right = site.browser(), site.browser()
    fields = {"do": "password", "mailbox": MAILBOX, "password": PASSWORD}
    page = await wrong.get("/sign-in", Host="other.example")
    assert "&#34;rpId&#34;: &#34;other.example&#34;" in page.text
    assert (await wrong.post("/sign-in", {"Host": "other.example"}, **fields)).status == 422
    await right.get("/sign-in", Host="ours.example")
    own = {"Host": "ours.example", "Origin": "https://ours.example", "Sec-Fetch-Site": "same-origin"}
    assert (await right.post("/sign-in", own, **fields)).status == 303


async def test_a_host_that_is_nobodys_is_no_place_for_passkeys(site: Site) -> None:
    page = await site.browser().get("/sign-in", Host="evil.example")
    assert "evil.example" not in page.text
