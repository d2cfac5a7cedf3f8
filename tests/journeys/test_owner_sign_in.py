"""An owner comes to his pages: from his registrar's panel, and by a letter, hidden or not."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default

import pytest
from aiohttp import ClientSession, CookieJar

from tests.journeys.journey import Journey
from tests.whoisproxy.portal.site import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
Start = Callable[[str], Journey]


async def test_an_owner_without_privacy_signs_in_by_a_letter(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        browser = Browser(http, f"http://127.0.0.1:{owner.world.service.ports['portal']}")
        await browser.get("/sign-in")
        assert (await browser.post("/sign-in", do="letter", mailbox=owner.owner)).status == 200
        [letter] = await owner.at_owner()
        read = message_from_bytes(letter.raw, policy=default)
        assert (read["To"], read["Auto-Submitted"]) == (owner.owner, "auto-generated")
        [token] = re.findall(r"/enter/(\S+)", str(read.get_content()))
        assert (await browser.enters(token)).location == "/domains"
        assert (await browser.get("/security")).status == 200
        # The device was not seen before, so a second letter says so.
        letters = await owner.at_owner(2)
        assert len({one.raw for one in letters}) == 2


async def test_an_owner_comes_from_his_registrars_panel(journey: Start) -> None:
    owner = journey("com")
    await owner.registered()
    backend = owner.world.backend
    domain = (await backend.call("GET", f"/v1/domains/{owner.domain}")).body
    made = await backend.call("POST", f"/v1/registrants/{domain['registrant_id']}/portal-links")
    assert made.status == 201, made.body
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        browser = Browser(http, f"http://127.0.0.1:{owner.world.service.ports['portal']}")
        assert (await browser.enters(made.body["url"].rpartition("/")[2])).location == "/domains"
