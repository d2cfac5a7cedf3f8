"""An owner decides on his mail by browser, and real mail goes as he decided."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default

import pytest
from aiohttp import ClientSession, CookieJar

from mailrelay.directory import MailPolicy
from tests.journeys.journey import Journey
from tests.whoisproxy.portal.site import Browser
from whoisproxy.demo.mail_sink import SunkMessage

pytestmark = pytest.mark.asyncio(loop_scope="module")
Start = Callable[[str], Journey]

_LEGAL = (
    "We represent the owner of the trademark. Your domain infringes our client's trademark. Cease and desist "
    "or we will file a complaint under the UDRP.\n"
)


@asynccontextmanager
async def _browser(owner: Journey) -> AsyncIterator[Browser]:
    """Open the browser of an owner who came from his registrar's panel."""
    backend = owner.world.backend
    domain = (await backend.call("GET", f"/v1/domains/{owner.domain}")).body
    made = await backend.call("POST", f"/v1/registrants/{domain['registrant_id']}/portal-links")
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        browser = Browser(http, f"http://127.0.0.1:{owner.world.service.ports['portal']}")
        assert (await browser.enters(made.body["url"].rpartition("/")[2])).status == 303
        await browser.get(f"/domains/{owner.domain}/mail")
        yield browser


async def _at(owner: Journey, mailbox: str, count: int) -> list[SunkMessage]:
    return await owner.world.sink.wait_for(count, matching=lambda one: mailbox in one.recipients)


async def test_mail_goes_to_another_mailbox_once_that_has_said_yes(journey: Start) -> None:
    owner = journey("com")
    second = f"second-{owner.owner}"
    await owner.registered()
    await owner.switched(on=True)
    async with _browser(owner) as browser:
        assert (await browser.post("/mailboxes", mailbox=second)).status == 303
        [letter] = await _at(owner, second, 1)
        read = message_from_bytes(letter.raw, policy=default)
        assert read["To"] == second
        # Who gets it by mistake learns neither whose it is nor which domain it is about.
        assert owner.traces_in(letter.raw.replace(second.encode(), b"")) == []
        assert owner.domain.encode() not in letter.raw
        [link] = re.findall(r"/mailboxes/confirm/\S+", str(read.get_content()))

        [mailbox] = re.findall(r"/mailboxes/(mbx_\w+)", (await browser.get("/mailboxes")).text)
        mail = f"/domains/{owner.domain}/mail"
        assert (await browser.post(mail, do="mailbox", mailbox=mailbox)).status == 404
        assert (await browser.post(link)).status == 200
        assert (await browser.post(mail, do="mailbox", mailbox=mailbox)).status == 303
        assert (await owner.letter("Would you sell it?\n")).code == 250
        _, passed_on = await _at(owner, second, 2)
        assert b"Would you sell it?" in passed_on.raw


async def test_who_wants_no_mail_gets_what_has_to_be_answered_and_nobody_is_told(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    answers = set()
    async with _browser(owner) as browser:
        for policy in MailPolicy:
            path = f"/domains/{owner.domain}/mail"
            assert (await browser.post(path, do="policy", policy=policy)).status == 303
            # The last is that under which he wants none.
            answer = await owner.letter(f"Is it for sale? {policy}\n", f"An offer, {policy}")
            answers.add(answer.code)
    assert answers == {250}
    assert (await owner.letter(_LEGAL, "Cease and desist")).code == 250
    await owner.world.sink.wait_for(1, matching=lambda one: b"Cease and desist" in one.raw)
    states = [one["state"] for one in await owner.messages()]
    assert states.count("quarantined") == 1
    held = next(one for one in await owner.messages() if one["state"] == "quarantined")
    assert any(verdict["check"] == "owner-takes-no-mail" for verdict in held["verdicts"])
