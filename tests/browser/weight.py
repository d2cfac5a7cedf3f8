"""What a page weighs and how soon it is there, measured in the browser without a cache."""

from dataclasses import dataclass, field
from typing import Any, Self

from tests.browser.tab import Tab

_TIMES = """async () => {
  const painted = await new Promise((resolve) => {
    new PerformanceObserver((list) => {
      const found = list.getEntriesByName("first-contentful-paint");
      if (found.length) resolve(found[0].startTime);
    }).observe({ type: "paint", buffered: true });
  });
  const page = performance.getEntriesByType("navigation")[0];
  return [painted, page.responseStart - page.requestStart];
}"""


@dataclass(frozen=True, slots=True)
class Weight:
    """Of one page and all that it loads.

    Attributes:
        octets: As transferred, header fields included.
        first_paint_ms: First contentful paint, from where its address was gone to.
        server_ms: From the request to the first octet of the answer.
    """

    octets: int
    requests: int
    first_paint_ms: float
    server_ms: float


@dataclass
class Scales:
    """Counts what a tab transfers, by page."""

    tab: Tab
    _pages: dict[str, str] = field(default_factory=dict)
    _octets: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    async def under(cls, tab: Tab) -> Self:
        """Put them under a tab, before it goes anywhere."""
        session = await tab.context.new_cdp_session(tab.page)
        scales = cls(tab)
        session.on("Network.requestWillBeSent", scales._asked)
        session.on("Network.loadingFinished", scales._came)
        await session.send("Network.enable")
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        return scales

    async def weight(self) -> Weight:
        """Return what the page that is shown now weighs."""
        await self.tab.page.wait_for_load_state("networkidle")
        first_paint, server = await self.tab.page.evaluate(_TIMES)
        shown = list(self._octets.values())[-1]
        return Weight(sum(shown.values()), len(shown), round(first_paint, 1), round(server, 1))

    def _asked(self, event: dict[str, Any]) -> None:
        self._pages[event["requestId"]] = event["loaderId"]

    def _came(self, event: dict[str, Any]) -> None:
        page = self._pages[event["requestId"]]
        self._octets.setdefault(page, {})[event["requestId"]] = int(event["encodedDataLength"])
