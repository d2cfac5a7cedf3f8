"""An owner looks at what is held for him and decides on it, with scripts and without."""

from datetime import timedelta

import pytest

from tests.browser.conftest import NewTab
from tests.browser.letters import held_in_queue, offer, unproven
from tests.browser.people import comes_from_panel, passes, text_of
from tests.browser.scene import OFFER
from tests.browser.site import Site
from tests.browser.tab import Tab
from tests.journeys.journey import SPAM, STRANGER, Journey
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.services.quarantine_digests import GATHERING, DigestSchedule

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

_BOTH_WAYS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
_PRESS = "ed@press.example"
_DONE = "main h1"


async def _owner(site: Site, new_tab: NewTab, *, scripts: bool) -> tuple[Journey, Tab]:
    owner, tab = await site.owner(), await new_tab(java_script_enabled=scripts)
    await owner.switched(on=True)
    await comes_from_panel(tab, owner)
    return owner, tab


async def _look_at(tab: Tab, message_id: str) -> None:
    """Go to a held message as an owner does: by the navigation and the list."""
    await tab.open("/mail")
    await tab.press("nav.places a[href$='/mail/held']")
    await tab.press(f"ol.held a.button[href$='{message_id}']")


async def _decide(tab: Tab, message_id: str, decision: str) -> str:
    """Look at a held message and press a button; return what the page says then."""
    await _look_at(tab, message_id)
    assert (await tab.press(f"main button[value={decision}]")).status == 200
    return await tab.page.inner_text(_DONE)


async def _state(owner: Journey, message_id: str) -> str:
    return next(str(one["state"]) for one in await owner.messages() if one["id"] == message_id)


def _at(owner: Journey, marker: str) -> list[SunkMessage]:
    return [
        one
        for one in owner.world.sink.messages
        if owner.owner in one.recipients and marker.encode() in one.raw
    ]


async def _arrives(owner: Journey, marker: str) -> None:
    await owner.world.sink.wait_for(
        1, matching=lambda one: owner.owner in one.recipients and marker.encode() in one.raw
    )


async def _told(owner: Journey) -> str:
    """Let the time pass after which an owner is told of held mail; return what the letter says."""
    core = owner.world.service.core
    await DigestSchedule(core.storage, core.queue, core.clock, timedelta(days=30)).look()
    passes(owner, int(GATHERING.total_seconds()) + 60)
    [letter] = await owner.world.sink.wait_for(
        1, matching=lambda one: owner.owner in one.recipients and "/q/" in text_of(one)
    )
    return text_of(letter)


@_BOTH_WAYS
async def test_what_is_held_is_seen_safely_and_comes_once_it_is_released(
    site: Site, new_tab: NewTab, *, scripts: bool
) -> None:
    owner, tab = await _owner(site, new_tab, scripts=scripts)
    held = await unproven(owner, offer(owner, "An offer", f"Ed <{_PRESS}>"))
    await _look_at(tab, held)
    shown = await tab.text()
    assert _PRESS in shown
    assert "We offer 2,400 francs" in shown
    assert "the offer in all detail.pdf" in shown
    # Its HTML is in a frame of no rights, and leads nowhere.
    await tab.page.click("main details summary")
    assert await tab.page.get_attribute("main iframe", "sandbox") == ""
    frame = tab.page.frame_locator("main iframe")
    assert await frame.locator("td").all_inner_texts() == ["2,400", "francs"]
    assert await frame.locator("a").count() == 0
    assert not _at(owner, "We offer 2,400 francs")

    assert (await tab.press("main button[value=release]")).status == 200
    assert await tab.page.inner_text(_DONE) == "It is on its way"
    await _arrives(owner, "We offer 2,400 francs")
    await tab.press("main nav.page a")
    assert await tab.page.locator("ol.held li").count() == 0


async def test_whom_an_owner_always_lets_through_is_not_held_again(site: Site, new_tab: NewTab) -> None:
    """Once, since what comes again and again to many owners is refused."""
    owner, tab = await _owner(site, new_tab, scripts=False)
    assert (await owner.letter(SPAM, f"First at {owner.domain}")).code == 250
    [held] = await owner.messages()
    assert held["state"] == "quarantined"
    assert await _decide(tab, held["id"], "allow-sender") == "It is on its way"
    await _arrives(owner, f"First at {owner.domain}")
    assert (await owner.letter(SPAM, f"Second at {owner.domain}")).code == 250
    await _arrives(owner, f"Second at {owner.domain}")
    await tab.open("/mail/senders")
    [rule] = await tab.page.locator("main section ul li").all_inner_texts()
    assert STRANGER in rule


@_BOTH_WAYS
async def test_what_a_blocked_sender_writes_next_is_held_and_nobody_is_told(
    site: Site, new_tab: NewTab, *, scripts: bool
) -> None:
    owner, tab = await _owner(site, new_tab, scripts=scripts)
    held = await held_in_queue(owner, "An offer", *OFFER)
    assert await _decide(tab, held, "block-sender") == "Blocked"
    assert await _state(owner, held) == "discarded"
    # A letter in which there is nothing else to find, and which its sender believes to be on its way.
    assert (await owner.letter("It is me again. Would you call me?", "Me again")).code == 250
    [newest, _] = await owner.messages()
    assert newest["state"] == "quarantined"
    await unproven(owner, offer(owner, "Of somebody else", f"Ed <{_PRESS}>"))
    told = await _told(owner)
    assert "Of somebody else" in told
    assert "Me again" not in told
    assert not _at(owner, "It is me again")


@_BOTH_WAYS
async def test_what_is_reported_is_gone_and_a_second_word_changes_nothing(
    site: Site, new_tab: NewTab, *, scripts: bool
) -> None:
    owner, tab = await _owner(site, new_tab, scripts=scripts)
    held = await unproven(owner, offer(owner, "Buy pills", f"Ed <{_PRESS}>"))
    other = await new_tab(java_script_enabled=scripts)
    await comes_from_panel(other, owner)
    await _look_at(other, held)
    # From the list, without opening it.
    await tab.open("/mail/held")
    await tab.press("ol.held button[value=report]")
    assert await tab.page.inner_text(_DONE) == "Reported"
    assert await _state(owner, held) == "discarded"
    await other.press("main button[value=release]")
    assert await other.page.inner_text(_DONE) == "This message is not held any more"
    assert await _state(owner, held) == "discarded"
    await tab.open("/mail/held")
    assert "Nothing is held." in await tab.text()
