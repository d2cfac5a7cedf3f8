"""An owner says on the pages what is done with his mail, and it is done."""

import pytest

from tests.browser.conftest import NewTab
from tests.browser.people import comes_from_panel, text_of
from tests.browser.site import BASE, Site
from tests.browser.tab import Tab
from tests.journeys.journey import Journey, eventually
from whoisproxy.demo.mail_sink import SunkMessage

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

_SAVED = "main .note.good"


async def _owner(site: Site, new_tab: NewTab) -> tuple[Journey, Tab]:
    """Return an owner at the page of his domain's mail."""
    owner, tab = await site.owner(), await new_tab()
    await owner.switched(on=True)
    await comes_from_panel(tab, owner)
    await tab.open(f"/domains/{owner.domain}")
    await tab.press(f"main a[href$='/domains/{owner.domain}/mail']")
    return owner, tab


async def _at(owner: Journey, mailbox: str, marker: str) -> SunkMessage:
    [found] = await owner.world.sink.wait_for(
        1, matching=lambda one: mailbox in one.recipients and marker in text_of(one)
    )
    return found


async def _choose(tab: Tab, group: str, label: str) -> None:
    """Choose by what stands beside a button, and save."""
    await tab.page.locator("label.choice", has_text=label).click()
    await tab.press(f"button[value={group}]")
    await tab.page.wait_for_selector(_SAVED)


async def test_a_rotated_address_is_shown_and_published_and_the_old_one_works_for_a_while(
    site: Site, new_tab: NewTab
) -> None:
    owner, tab = await _owner(site, new_tab)
    old = owner.address
    await tab.press("main a[href$='/mail/address']")
    assert (await tab.press("main form[method=post] button")).status == 200
    await tab.page.wait_for_selector(_SAVED)

    shown = await tab.page.locator("main ul.plain li").all_inner_texts()
    [kept] = [one for one in shown if old in one]
    assert "works until" in kept
    # Each role has its own; letters are written to that of the owner.
    [new] = [one.split()[0] for one in shown if "Owner" in one and "works until" not in one]
    seen = await eventually(owner.public_answers, lambda found: all(new in one for one in found.values()))
    assert not [where for where, text in seen.items() if old in text]
    assert owner.traces_in(*seen.values()) == []
    assert (await owner.letter("Written to the old one.", to=old)).code == 250
    assert (await owner.letter("Written to the new one.", to=new)).code == 250
    await _at(owner, owner.owner, "Written to the old one.")
    await _at(owner, owner.owner, "Written to the new one.")


async def test_who_wants_no_mail_gets_none_until_he_wants_it_again(site: Site, new_tab: NewTab) -> None:
    owner, tab = await _owner(site, new_tab)
    await _choose(tab, "policy", "No mail")
    await tab.page.reload()
    assert await tab.page.locator("input[name=policy][value=drop]").is_checked()
    assert (await owner.letter("Is it for sale?")).code == 250
    [held] = await owner.messages()
    assert held["state"] == "quarantined"

    await _choose(tab, "policy", "Forward all")
    assert (await owner.letter("Is it still for sale?")).code == 250
    await _at(owner, owner.owner, "Is it still for sale?")
    # What was held stays so, and he finds it.
    await tab.open("/mail/held")
    assert await tab.page.locator("ol.held li").count() == 1


async def test_mail_goes_to_a_mailbox_that_has_said_yes_in_any_browser(site: Site, new_tab: NewTab) -> None:
    owner, tab = await _owner(site, new_tab)
    office = f"office-{owner.owner}"
    await tab.press("main a[href$='/mailboxes']")
    await tab.page.fill("#mailbox", office)
    await tab.press("main section form button")
    assert office in await tab.text()
    await tab.open(f"/domains/{owner.domain}/mail")
    assert office not in await tab.text()

    text = text_of(await _at(owner, office, "/mailboxes/confirm/"))
    [link] = [word for word in text.split() if word.startswith(f"{BASE}/mailboxes/confirm/")]
    elsewhere = await new_tab(java_script_enabled=False)
    await elsewhere.open(link)
    assert owner.domain not in await elsewhere.text()
    await elsewhere.press("main form button")

    await tab.page.reload()
    await _choose(tab, "mailbox", office)
    assert (await owner.letter("Would you sell it?")).code == 250
    await _at(owner, office, "Would you sell it?")
    before = [one for one in owner.world.sink.messages if owner.owner in one.recipients]
    assert not [one for one in before if "Would you sell it?" in text_of(one)]
