"""A new user's walk: from his registrar's link to privacy on, in clicks, with the time of each step."""

import time
from dataclasses import dataclass, field

from tests.browser.people import link_from_panel
from tests.browser.tab import Tab
from tests.journeys.journey import Journey, eventually


@dataclass
class Walk:
    """What was clicked, and how many milliseconds it took until the next page was there."""

    tab: Tab
    steps: list[tuple[str, float]] = field(default_factory=list)

    async def click(self, name: str, selector: str) -> None:
        """Click, and wait for the page that it leads to."""
        began = time.perf_counter()
        await self.tab.press(selector)
        self.steps.append((name, round((time.perf_counter() - began) * 1000, 1)))


async def to_privacy(tab: Tab, owner: Journey) -> Walk:
    """Walk from the link to privacy that is on, as the registry publishes it."""
    walk = Walk(tab)
    await tab.open(await link_from_panel(owner))
    await walk.click("continue", "main form button")
    await walk.click("switch on", f"main a.button[href*='/domains/{owner.domain}/privacy']")
    await walk.click("agree", "main form[action$='/privacy'] button")
    began = time.perf_counter()
    await eventually(owner.privacy, lambda found: bool(found["state"] == "enabled"))
    walk.steps.append(("at the registry", round((time.perf_counter() - began) * 1000, 1)))
    return walk
