"""A page is light: with style, scripts and pictures no more than 60 kB, and nothing from elsewhere."""

import pytest

from tests.browser.conftest import NewTab
from tests.browser.pages import PAGES, PageRow
from tests.browser.scene import scene
from tests.browser.site import Site
from tests.browser.weight import Scales

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

_MOST_OCTETS = 60_000
_MOST_REQUESTS = 8


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
async def test_a_page_is_light(site: Site, new_tab: NewTab, row: PageRow) -> None:
    tab = await new_tab(locale="de")
    scales = await Scales.under(tab)
    await row.open(tab, await scene(site, "de"))
    weight = await scales.weight()
    assert weight.octets <= _MOST_OCTETS
    assert weight.requests <= _MOST_REQUESTS


async def test_dark_is_dark_and_light_is_light(site: Site, new_tab: NewTab) -> None:
    """Also under a registrar's colours, which come in a file of their own."""
    del site
    grounds = []
    for scheme in ("light", "dark"):
        tab = await new_tab(color_scheme=scheme)
        await tab.open("/sign-in")
        grounds.append(
            await tab.page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
        )
    assert grounds == ["rgb(255, 255, 255)", "rgb(18, 24, 31)"]
