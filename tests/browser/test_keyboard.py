"""Every page by keyboard alone: all is reached, in order, and one sees where one is.

WCAG 2.2 sections 2.1.1, 2.4.1, 2.4.3, 2.4.7 and 2.4.11.
"""

from typing import Any

import pytest

from tests.browser.conftest import NewTab
from tests.browser.keys import press_by_key, tab_to
from tests.browser.pages import PAGES, PageRow
from tests.browser.people import link_from_panel
from tests.browser.scene import scene
from tests.browser.site import Site
from tests.browser.tab import Tab

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

# Of a group of radio buttons one is reached, and arrows lead to the others.
_NUMBER = """() => {
  const found = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")];
  const reachable = found.filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0
    && (one.type !== "radio" || one === (one.form.querySelector(`[name="${one.name}"]:checked`)
        || one.form.querySelector(`[name="${one.name}"]`))));
  reachable.forEach((one, number) => { one.dataset.number = number; });
  return reachable.map((one) => one.outerHTML.slice(0, 100));
}"""
_FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  const middle = (box.left + Math.min(box.right, innerWidth)) / 2;
  const above = document.elementFromPoint(middle, (top + bottom) / 2);
  return {
    number: one.dataset.number === undefined ? -1 : Number(one.dataset.number),
    skip: one.classList.contains("skip"),
    marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: top < bottom && box.left >= 0 && !!above && (one.contains(above) || above.contains(one)),
  };
}"""


async def _tabbed(tab: Tab) -> dict[str, Any]:
    await tab.page.keyboard.press("Tab")
    focus: dict[str, Any] = await tab.page.evaluate(_FOCUS)
    return focus


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
async def test_everything_is_reached_in_order_and_is_seen(site: Site, new_tab: NewTab, row: PageRow) -> None:
    tab = await new_tab(viewport={"width": 360, "height": 640})
    await row.open(tab, await scene(site, "en"))
    names = await tab.page.evaluate(_NUMBER)
    # A page that was come to by a click has its focus where that was.
    await tab.page.evaluate("document.activeElement.blur()")
    for number, name in enumerate(names):
        focus = await _tabbed(tab)
        assert focus["number"] == number, f"{name} is not reached, or not in its turn: {focus}"
        assert focus["marked"], f"{name} does not show that it has the focus"
        assert focus["seen"], f"{name} has the focus where nobody sees it"


async def test_the_first_key_leads_past_the_navigation(site: Site, new_tab: NewTab) -> None:
    tab = await new_tab()
    row = next(one for one in PAGES if one.name == "security")
    await row.open(tab, await scene(site, "en"))
    assert (await _tabbed(tab))["skip"]
    await tab.page.keyboard.press("Enter")
    assert await tab.page.evaluate("document.activeElement.id") == "content"
    await tab.page.keyboard.press("Tab")
    assert await tab.page.evaluate("document.querySelector('main').contains(document.activeElement)")


async def test_an_owner_comes_in_and_signs_out_by_keyboard(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner(), await new_tab()
    await tab.open(await link_from_panel(owner))
    await press_by_key(tab, "main form button")
    await tab.open("/security")
    await press_by_key(tab, "form[action$='/sign-out'] button")
    assert tab.path == "/sign-in"
    await tab_to(tab, "#mailbox")
    await tab.page.keyboard.type(owner.owner)
    async with tab.page.expect_navigation():
        await tab.page.keyboard.press("Enter")
    assert "Check your email" in await tab.text()


async def test_from_the_registrars_link_to_privacy_by_tab_and_enter_alone(
    site: Site, new_tab: NewTab
) -> None:
    owner, tab = await site.owner("org"), await new_tab()
    await tab.open(await link_from_panel(owner))
    await press_by_key(tab, "main form button")
    await press_by_key(tab, f"main a.button[href*='/domains/{owner.domain}/privacy']")
    await press_by_key(tab, "main form[action$='/privacy'] button")
    await tab.page.wait_for_selector("main .note.good")
    assert (await owner.privacy())["state"] == "enabled"
