"""Every page, in every language, wide and narrow, and in dark: nobody is kept out."""

import re

import pytest

from tests.browser.conftest import NewTab
from tests.browser.looks import faults_in_dark, faults_of
from tests.browser.pages import PAGES, PageRow
from tests.browser.scene import scene
from tests.browser.site import Site
from whoisproxy.i18n import LANGUAGES
from whoisproxy.portal.routes import ROUTES

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

_IN_DARK = "en"
# They show no page, or one that is here by another address.
_NO_PAGES = {
    "/",
    "/static/{}",
    "/look/{}/style.css",
    "/look/{}/logo",
    "/operations/{}/events",
    "/account/exports/{}",
    "/{}",
}


# One language after the other, since its owners are made by whoever looks first.
@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_keeps_nobody_out(site: Site, new_tab: NewTab, row: PageRow, language: str) -> None:
    """WCAG 2.2 AA as far as axe-core sees it; no sideways scrolling (1.4.10)."""
    tab = await new_tab(locale=language)
    await row.open(tab, await scene(site, language))
    assert await tab.page.get_attribute("html", "lang") == language
    assert await tab.page.locator("h1").count() == 1
    faults = await faults_of(tab)
    if language == _IN_DARK:
        faults += await faults_in_dark(tab)
    assert not faults, "\n".join(faults)


async def test_no_page_is_missing_here() -> None:
    """A route that shows a page is looked at, also one that is yet to be written."""
    shown = {_shape(route.path) for route in ROUTES if not route.writes} - _NO_PAGES
    assert shown - {_shape(row.path.partition("?")[0]) for row in PAGES} == set()


def _shape(path: str) -> str:
    return re.sub(r"{\w+(:[^{}]*)?}", "{}", path)
