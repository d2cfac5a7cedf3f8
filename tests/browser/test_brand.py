"""A registrar's customers see its name, colours and logo, and come by its own host name."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.browser.conftest import NewTab
from tests.browser.letters import delivered, header
from tests.browser.people import (
    PASSWORD,
    comes_from_panel,
    letter_with,
    link_from_panel,
    with_password,
)
from tests.browser.site import BASE, OWN_HOST, Site
from tests.browser.tab import Tab
from whoisproxy.demo.backend import Backend

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

OWN = f"https://{OWN_HOST}"
_LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
_LOOK = {
    "name": "Bakers & Söhne",
    "host": OWN_HOST,
    "accent": "#0a4f8f",
    "accent_dark": "#7ab8f5",
    "imprint_url": "https://bakers-registrar.example/imprint",
    "help_url": "https://bakers-registrar.example/help",
    "logo": base64.b64encode(_LOGO).decode(),
}
_LINKS = [_LOOK["imprint_url"], _LOOK["help_url"]]
_GROUND = "getComputedStyle(document.querySelector('main button')).backgroundColor"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bakers(site: Site) -> AsyncIterator[Site]:
    """The same service as another registrar's customers know it."""
    accounts = site.world.service.core.accounts
    registrar = await accounts.add_registrar("Bakers", "https://bakers-registrar.example")
    _, key = await accounts.add_key(registrar)
    backend = Backend(site.world.http, f"http://127.0.0.1:{site.world.service.ports['api']}", key)
    assert (await backend.call("PUT", "/v1/appearance", _LOOK)).status == 200
    yield replace(site, world=replace(site.world, backend=backend))
    assert (await backend.call("DELETE", "/v1/appearance")).status == 204


async def _seen(tab: Tab) -> None:
    """The page is the registrar's: name, logo, links."""
    assert _LOOK["name"] in await tab.page.inner_text("header")
    assert await tab.page.evaluate("document.querySelector('header img.logo').naturalWidth") > 0
    links = tab.page.locator("footer a[rel=external]")
    assert [await one.get_attribute("href") for one in await links.all()] == _LINKS


@pytest.mark.parametrize(
    ("scheme", "accent"), [("light", "rgb(10, 79, 143)"), ("dark", "rgb(122, 184, 245)")]
)
async def test_its_host_name_shows_its_look_and_no_other_does(
    bakers: Site, new_tab: NewTab, scheme: str, accent: str
) -> None:
    del bakers
    own, ours = await new_tab(base_url=OWN, color_scheme=scheme), await new_tab(color_scheme=scheme)
    await own.open("/sign-in")
    await _seen(own)
    assert await own.page.evaluate(_GROUND) == accent
    await ours.open("/sign-in")
    assert _LOOK["name"] not in await ours.page.inner_text("body")
    assert await ours.page.evaluate(_GROUND) != accent


async def test_its_customers_come_by_its_host_name_and_their_cookies_stay_there(
    bakers: Site, new_tab: NewTab
) -> None:
    owner, tab = await bakers.owner(), await new_tab(base_url=OWN)
    await with_password(owner)
    assert (await link_from_panel(owner)).startswith(f"{OWN}/enter/")
    await comes_from_panel(tab, owner)
    assert (await tab.open("/domains"), tab.path) == (200, "/domains")
    await _seen(tab)
    assert {one["domain"] for one in await tab.context.cookies()} == {OWN_HOST}

    # Where others come he is nobody, and to sign in and out there changes nothing here.
    elsewhere = await Tab.open_in(tab.context, BASE)
    await elsewhere.open(f"{BASE}/domains")
    assert elsewhere.path == "/sign-in"
    await elsewhere.page.fill("#name", owner.owner)
    await elsewhere.page.fill("#password", PASSWORD)
    await elsewhere.press("button[value=password]")
    await elsewhere.open(f"{BASE}/security")
    assert elsewhere.path == "/security"
    await elsewhere.press("form[action$='/sign-out'] button")
    assert elsewhere.faults == []
    await tab.open("/security")
    assert tab.path == "/security"
    await _seen(tab)


@pytest.mark.parametrize("way", ["letter", "password"])
async def test_its_customers_sign_in_on_its_host_name(bakers: Site, new_tab: NewTab, way: str) -> None:
    owner, tab = await bakers.owner(), await new_tab(base_url=OWN)
    await with_password(owner)
    await tab.open("/sign-in")
    await tab.page.fill("#mailbox" if way == "letter" else "#name", owner.owner)
    if way == "password":
        await tab.page.fill("#password", PASSWORD)
    await tab.press(f"button[value={way}]")
    if way == "letter":
        await tab.open(await letter_with(owner, rf"({OWN}/enter/\S+)"))
        await tab.press("main form button")
    await tab.open("/security")
    assert tab.path == "/security"
    await _seen(tab)


async def test_a_passkey_of_its_host_name_leads_in_there(bakers: Site, new_tab: NewTab) -> None:
    owner, tab = await bakers.owner(), await new_tab(base_url=OWN)
    authenticator = await tab.authenticator()
    await comes_from_panel(tab, owner)
    await tab.open("/security/passkeys")
    await tab.page.fill("#name", "my phone")
    await tab.press("form[data-passkey] button")
    await tab.open("/security")
    await tab.press("form[action$='/sign-out'] button")
    await tab.press("form[data-passkey] button")
    assert (await tab.open("/security"), tab.path) == (200, "/security")
    [credential] = await authenticator.credentials()
    assert credential["rpId"] == OWN_HOST


async def test_links_in_letters_lead_to_its_host_name_and_look(bakers: Site, new_tab: NewTab) -> None:
    owner, tab = await bakers.owner(), await new_tab(base_url=OWN)
    await owner.switched(on=True)
    passed_on = await delivered(owner)
    for field in ("X-Whoisproxy-Answer", "List-Unsubscribe"):
        link = header(passed_on, field)
        assert link.startswith(f"{OWN}/")
        assert await tab.open(link) == 200
        await _seen(tab)
