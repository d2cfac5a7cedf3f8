"""A stranger reaches an owner by the form: with scripts, which do the work, and without."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Request

from mailrelay.addresses import parse_mailboxes
from tests.browser.conftest import NewTab
from tests.browser.letters import header
from tests.browser.people import text_of
from tests.browser.site import BASE, Site
from tests.browser.tab import Tab
from tests.journeys.journey import Journey, eventually
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.demo.world import World
from whoisproxy.domain.contact_form import Way
from whoisproxy.runtime.contact_form import contact_form

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

_BOTH_WAYS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
_MESSAGE = "Good day,\n\nis this domain for sale? I would pay 2,400 francs.\n\nAda Buyer"
_SEND = "main form[data-challenge] button"


async def _fill(tab: Tab, mailbox: str, kind: str = "buy") -> None:
    await tab.page.fill("#name", "Ada Buyer")
    await tab.page.fill("#mailbox", mailbox)
    await tab.page.select_option("#kind", kind)
    await tab.page.fill("#message", _MESSAGE)


def _works(tab: Tab) -> list[str]:
    """Return a list that fills with the work of each form that the tab sends; "" for none."""
    works: list[str] = []

    def look(request: Request) -> None:
        if request.method == "POST" and request.post_data and 'name="work"' in request.post_data:
            works.append(request.post_data.partition('name="work"')[2].split("\r\n", 3)[2])

    tab.page.on("request", look)
    return works


async def _letter(world: World, mailbox: str) -> SunkMessage:
    [found] = await world.sink.wait_for(1, matching=lambda one: mailbox in one.recipients)
    return found


def _link_in(letter: SunkMessage) -> str:
    [link] = [word for word in text_of(letter).split() if word.startswith(f"{BASE}/contact/confirm/")]
    return link


async def _written(tab: Tab, owner: Journey, mailbox: str) -> None:
    """Write to an owner from his page, and confirm it by the link in the letter."""
    await tab.open(f"/contact/{owner.domain}")
    await _fill(tab, mailbox)
    assert (await tab.press(_SEND)).status == 200
    assert "Check your email" in await tab.text()
    assert await owner.messages() == []
    await tab.open(_link_in(await _letter(owner.world, mailbox)))
    assert await owner.messages() == []
    await tab.press("main form button")


async def _steps(tab: Tab) -> list[str]:
    """Return the steps that are done, by the page as it is now."""
    await tab.page.reload()
    done = tab.page.locator("ol.steps li", has=tab.page.locator(".kind", has_text="done"))
    return await done.locator("strong").all_inner_texts()


@_BOTH_WAYS
async def test_a_stranger_writes_confirms_and_sees_how_far_it_has_come(
    site: Site, new_tab: NewTab, *, scripts: bool
) -> None:
    owner, tab = await site.owner(), await new_tab(java_script_enabled=scripts)
    await owner.switched(on=True)
    works, mailbox = _works(tab), f"ada-{owner.domain}@offers.example"
    # The work takes a second or two, and many where others work too.
    tab.page.set_default_navigation_timeout(90_000)
    await _written(tab, owner, mailbox)
    assert [bool(work) for work in works] == [scripts]
    assert tab.path.startswith("/contact/status/")
    status = await contact_form(site.world.service.core).status(tab.path.rpartition("/")[2])
    assert status is not None
    assert status.submission.way is (Way.WORKED if scripts else Way.PLAIN)

    [arrived] = await owner.world.sink.wait_for(
        1, matching=lambda one: owner.owner in one.recipients and "2,400 francs" in text_of(one)
    )
    await eventually(lambda: _steps(tab), lambda done: done == ["Received", "Delivered"])
    reply_to = parse_mailboxes(header(arrived, "Reply-To"))[0].address
    raw = Letter(owner.owner, reply_to, "Re: your enquiry", "No, it is not.").raw()
    signed = owner.world.senders["home.example"].sign(raw)
    assert (await send(owner.world.smtp_port, owner.owner, reply_to, signed)).code == 250
    await eventually(lambda: _steps(tab), lambda done: done == ["Received", "Delivered", "Answered"])
    assert owner.traces_in(await tab.page.content()) == []
    [answer] = await owner.world.sink.wait_for(
        1, matching=lambda one: mailbox in one.recipients and "No, it is not." in text_of(one)
    )
    assert owner.traces_in(answer.raw) == []


async def test_the_page_of_a_domain_that_is_not_ours_is_the_same(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner(), await new_tab(java_script_enabled=False)
    await owner.switched(on=True)
    nobodys = "nobody-has-this.org"
    pages: list[str] = []
    walks: list[str] = []
    for domain in (owner.domain, nobodys):
        assert await tab.open(f"/contact/{domain}") == 200
        # The work differs each time.
        page = re.sub(r'data-challenge="[^"]+"', "", await tab.page.content())
        pages.append(page.replace(domain, "DOMAIN"))
    assert pages[0] == pages[1]
    for domain in (owner.domain, nobodys):
        mailbox = f"bob-{domain}@offers.example"
        await tab.open(f"/contact/{domain}")
        await _fill(tab, mailbox)
        await tab.press(_SEND)
        sent = await tab.text()
        await tab.open(_link_in(await _letter(site.world, mailbox)))
        walks.append(_untimed(sent + await tab.text()).replace(domain, "DOMAIN"))
        assert (await tab.press("main form button")).status == 200
        assert tab.path.startswith("/contact/status/")
        assert (await _steps(tab))[0] == "Received"
    assert walks[0] == walks[1]


def _untimed(text: str) -> str:
    return re.sub(r"\d+:\d\d", "TIME", text)


@_BOTH_WAYS
async def test_what_fills_in_the_field_that_nobody_sees_gets_nowhere(
    site: Site, new_tab: NewTab, *, scripts: bool
) -> None:
    tab, world = await new_tab(java_script_enabled=scripts), site.world
    domain, mailbox = f"trap-{scripts}.org".lower(), f"robot-{scripts}@offers.example"
    said = []
    for kind, trap in (("abuse", "https://robot.example"), ("legal", "")):
        await tab.open(f"/contact/{domain}")
        # Who sees it not is not told of it either.
        assert await tab.page.get_by_role("textbox", name="Leave this empty").count() == 0
        await _fill(tab, mailbox, kind)
        await tab.page.locator("#homepage").fill(trap, force=True)
        await tab.press(_SEND)
        said.append(await tab.text())
    assert said[0] == said[1]
    # There is one letter, of what came after it from the same mailbox.
    await tab.open(_link_in(await _letter(world, mailbox)))
    assert "Legal notice" in await tab.text()


async def test_files_that_are_too_large_are_refused_and_the_text_is_kept(
    site: Site, new_tab: NewTab, tmp_path: Path
) -> None:
    large = tmp_path / "large.pdf"
    large.write_bytes(bytes(site.world.service.core.settings.contact.attachments_octets + 1))
    mailbox = "large@offers.example"
    by_page = await new_tab(java_script_enabled=False)
    await by_page.open("/contact/large.org")
    await _fill(by_page, mailbox)
    await by_page.page.set_input_files("#files", large)
    assert (await by_page.press(_SEND)).status == 422
    assert "These files are too large together" in await by_page.page.inner_text("#files-error")
    assert await by_page.page.input_value("#message") == _MESSAGE
    assert await by_page.page.input_value("#kind") == "buy"

    # A script says so before anything is sent.
    at_once = await new_tab()
    works = _works(at_once)
    await at_once.open("/contact/large.org")
    await _fill(at_once, mailbox)
    await at_once.page.set_input_files("#files", large)
    invalid = "document.querySelector('#files').validationMessage"
    assert "These files are too large together" in await at_once.page.evaluate(invalid)
    await at_once.page.click(_SEND)
    assert await at_once.page.input_value("#message") == _MESSAGE
    await at_once.page.set_input_files("#files", [])
    await at_once.press(_SEND)
    assert len(works) == 1
    assert "Check your email" in await at_once.text()
