"""What each page weighs and how soon it is seen: Chromium on loopback, over TLS, without a cache.

Octets are those of the page and all that it loads, as transferred, header fields included; at most 60 kB.
First paint is the first contentful paint, from the moment at which the browser goes to the address; server is
the time from its request to the first octet of the answer, so it holds the service, the database and the
proxy for TLS. Each is the median of a few visits, each by a new profile. Then the walk from a registrar's
link to privacy on, at a registry of the sandbox: three clicks, and how long until the next page is there.
"""

import asyncio
import tempfile
from pathlib import Path
from statistics import median

from bench.report import report
from tests.browser.pages import PAGES, PageRow
from tests.browser.scene import Scene, scene
from tests.browser.site import Site, running_site
from tests.browser.walk import to_privacy
from tests.browser.weight import Scales, Weight

_VISITS = 3


async def _visited(site: Site, row: PageRow, setting: Scene) -> Weight:
    tab = await site.tab()
    scales = await Scales.under(tab)
    await row.open(tab, setting)
    weight = await scales.weight()
    await tab.close()
    return weight


async def _walked(site: Site) -> list[dict[str, object]]:
    """Return the steps from a registrar's link to privacy that is on."""
    tab = await site.tab()
    walk = await to_privacy(tab, await site.owner("org"))
    await tab.close()
    return [{"step": name, "ms": ms} for name, ms in walk.steps]


async def _measured() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="whoisproxy-pages-") as folder:
        async with running_site(Path(folder)) as site:
            setting = await scene(site, "en")
            for row in PAGES:
                visits = [await _visited(site, row, setting) for _ in range(_VISITS)]
                rows.append(
                    {
                        "page": row.name,
                        "octets": max(one.octets for one in visits),
                        "requests": max(one.requests for one in visits),
                        "first paint ms": median(one.first_paint_ms for one in visits),
                        "server ms": median(one.server_ms for one in visits),
                    }
                )
            return rows, await _walked(site)


if __name__ == "__main__":
    pages, steps = asyncio.run(_measured())
    report("pages", pages)
    report("from the registrar's link to privacy on", steps)
