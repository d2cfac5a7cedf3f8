"""Every way in, as a browser goes it."""

import pytest

from tests.browser.conftest import NewTab
from tests.browser.people import (
    PASSWORD,
    code_of,
    comes_from_panel,
    in_office,
    letter_with,
    link_from_panel,
    passes,
    with_codes,
    with_password,
)
from tests.browser.site import BASE, HOST, Site
from whoisproxy.domain.totp import PERIOD_S

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

_PASSWORD_FORM = "form:has(#password)"


async def test_an_owner_comes_from_his_registrars_panel_once(site: Site, new_tab: NewTab) -> None:
    owner, tab, thief = await site.owner(), await new_tab(), await new_tab()
    link = await link_from_panel(owner)
    assert await tab.open(link) == 200
    assert "1 domain at Demo Registrar" in await tab.text()
    assert (await tab.press("main form button")).status == 200
    assert await tab.page.locator("header nav a").count() > 0
    # Back does not bring the used link to life, and nobody else gets in by it.
    assert await thief.open(link) == 404
    assert await thief.open("/security") == 200
    assert thief.path == "/sign-in"


async def test_an_owner_comes_by_a_link_in_a_letter(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner(), await new_tab()
    await tab.open("/sign-in")
    await tab.page.fill("#mailbox", owner.owner)
    await tab.press("button[value=letter]")
    assert owner.owner not in await tab.text()
    link = await letter_with(owner, rf"({BASE}/enter/\S+)")
    await tab.open(link)
    await tab.press("main form button")
    await tab.open("/security")
    assert tab.path == "/security"


async def test_an_owner_sets_a_password_and_codes_up_and_signs_in_by_them(
    site: Site, new_tab: NewTab
) -> None:
    owner, tab = await site.owner(), await new_tab()
    await comes_from_panel(tab, owner)
    await tab.open("/security")
    await tab.page.fill("#password", PASSWORD)
    await tab.page.fill("#again", PASSWORD)
    await tab.press(f"{_PASSWORD_FORM} button")
    await tab.open("/security/codes")
    await tab.press("button[value=begin]")
    assert await tab.page.locator(".qr svg").is_visible()
    secret = (await tab.page.inner_text("main code")).replace(" ", "")
    await tab.page.fill("#code", code_of(owner, secret))
    await tab.press("button[value=confirm]")
    recovery = await tab.page.locator(".codes code").all_inner_texts()
    assert len(recovery) == 10

    phone = await new_tab()
    passes(owner, PERIOD_S)
    await phone.open("/sign-in")
    await phone.page.fill("#name", owner.owner)
    await phone.page.fill("#password", PASSWORD)
    await phone.press("button[value=password]")
    assert phone.path == "/second-step"
    await phone.page.fill("#code", "000000")
    assert (await phone.press("button[value=code]")).status == 422
    await phone.page.fill("#code", code_of(owner, secret))
    await phone.press("button[value=code]")
    assert (await phone.open("/security"), phone.path) == (200, "/security")

    lost = await new_tab()
    await lost.open("/sign-in")
    await lost.page.fill("#name", owner.owner)
    await lost.page.fill("#password", PASSWORD)
    await lost.press("button[value=password]")
    await lost.page.fill("#code", recovery[0])
    await lost.press("button[value=code]")
    await lost.open("/security")
    assert "9 recovery codes" in await lost.text()


async def test_a_code_and_a_recovery_code_are_good_once(site: Site, new_tab: NewTab) -> None:
    owner = await site.owner()
    secured = await with_codes(owner)
    for code in (code_of(owner, secured.secret), secured.recovery_codes[3]):
        for status in (200, 422):
            tab = await new_tab()
            await tab.open("/sign-in")
            await tab.page.fill("#name", owner.owner)
            await tab.page.fill("#password", PASSWORD)
            await tab.press("button[value=password]")
            await tab.page.fill("#code", code)
            assert (await tab.press("button[value=code]")).status == status


async def test_a_passkey_is_made_and_leads_in_alone(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner(), await new_tab()
    authenticator = await tab.authenticator()
    await comes_from_panel(tab, owner)
    await tab.open("/security/passkeys")
    await tab.page.fill("#name", "my phone")
    await tab.press("form[data-passkey] button")
    await tab.open("/security")
    assert "my phone" in await tab.text()
    await tab.press("form[action$='/sign-out'] button")
    assert tab.path == "/sign-in"
    await tab.press("form[data-passkey] button")
    assert (await tab.open("/security"), tab.path) == (200, "/security")
    [credential] = await authenticator.credentials()
    assert credential["rpId"] == HOST
    # What an authenticator shows does not name the owner.
    assert owner.owner not in str(credential)
    await tab.press("button[value=remove-passkey]")
    assert "my phone" not in await tab.text()


async def test_the_session_on_another_device_is_ended(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner(), await new_tab()
    other = await in_office(owner)
    await comes_from_panel(tab, owner)
    await tab.open("/security")
    assert "Firefox, Linux" in await tab.text()
    await tab.press(f"form[action$='/security/sessions/{other.session.id}/end'] button")
    sessions = owner.world.service.core.entry.sessions
    assert [one.id for one in await sessions.of_account(other.account) if one.id == other.session.id] == []
    assert (await tab.open("/security"), tab.path) == (200, "/security")


async def test_signing_out_leaves_nothing_that_lets_in(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner(), await new_tab()
    await comes_from_panel(tab, owner)
    before = await tab.context.cookies()
    await tab.open("/security")
    await tab.press("form[action$='/sign-out'] button")
    assert tab.path == "/sign-in"
    await tab.page.go_back()
    assert "Where you are signed in" not in await tab.text()
    await tab.context.add_cookies(before)  # type: ignore[arg-type] # as the browser gave them
    await tab.open("/security")
    assert tab.path == "/sign-in"


async def test_cookies_are_kept_from_scripts_other_sites_and_plain_http(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner(), await new_tab()
    await comes_from_panel(tab, owner)
    cookies = {one["name"]: one for one in await tab.context.cookies()}
    assert set(cookies) == {"__Host-owner", "__Host-device"}
    for one in cookies.values():
        assert (one["secure"], one["httpOnly"], one["sameSite"], one["path"]) == (True, True, "Lax", "/")
        assert one["domain"] == HOST
    assert cookies["__Host-owner"]["expires"] == -1
    assert await tab.page.evaluate("document.cookie") == ""


async def test_without_javascript_links_letters_passwords_and_codes_work(site: Site, new_tab: NewTab) -> None:
    owner = await site.owner()
    tab = await new_tab(java_script_enabled=False)
    await comes_from_panel(tab, owner)
    await tab.open("/security/passkeys")
    assert await tab.page.locator("[data-without-passkeys]").is_visible()
    assert not await tab.page.locator("form[data-passkey]").is_visible()
    await with_password(owner)
    await tab.context.clear_cookies()
    await tab.open("/sign-in")
    await tab.page.fill("#name", owner.owner)
    await tab.page.fill("#password", PASSWORD)
    await tab.press("button[value=password]")
    await tab.open("/security")
    assert tab.path == "/security"
