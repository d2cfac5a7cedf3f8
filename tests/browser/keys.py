"""Who has no mouse: Tab leads to a thing, Enter presses it."""

import pytest

from tests.browser.tab import Tab

_MOST_KEYS = 100
_HAS_FOCUS = "(selector) => document.activeElement.matches(selector)"


async def tab_to(tab: Tab, selector: str) -> None:
    """Go to something by the Tab key alone."""
    for _ in range(_MOST_KEYS):
        await tab.page.keyboard.press("Tab")
        if await tab.page.evaluate(_HAS_FOCUS, selector):
            return
    pytest.fail(f"{selector} is not reached")


async def press_by_key(tab: Tab, selector: str) -> None:
    """Go to something and press it, and wait for the page that it leads to."""
    await tab_to(tab, selector)
    async with tab.page.expect_navigation():
        await tab.page.keyboard.press("Enter")
