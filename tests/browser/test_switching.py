"""Privacy is switched on the pages, and one sees it done."""

import pytest

from tests.browser.conftest import NewTab
from tests.browser.people import comes_from_panel
from tests.browser.site import Site
from tests.browser.walk import to_privacy

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("tld", ["org", "com", "eu", "ca"])
async def test_from_the_registrars_link_to_privacy_it_is_three_clicks(
    site: Site, new_tab: NewTab, tld: str
) -> None:
    owner, tab = await site.owner(tld), await new_tab()
    walk = await to_privacy(tab, owner)
    assert [name for name, _ in walk.steps] == ["continue", "switch on", "agree", "at the registry"]
    seen = await owner.public_answers()
    assert owner.traces_in(*seen.values()) == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_one_sees_it_done(site: Site, new_tab: NewTab, *, scripts: bool) -> None:
    """Live with a script, and by loading the page again without."""
    owner, tab = await site.owner("org"), await new_tab(java_script_enabled=scripts)
    await to_privacy(tab, owner)
    assert tab.path.startswith("/operations/")
    if not scripts:
        await tab.page.reload()
    await tab.page.wait_for_selector("main .note.good")
    if scripts:
        assert len([url for url in tab.requests if url.endswith(tab.path)]) == 1
    await tab.open(f"/domains/{owner.domain}")
    assert (await owner.privacy())["published_contacts"]["registrant"]["email"] in await tab.text()


async def test_privacy_is_switched_off_again(site: Site, new_tab: NewTab) -> None:
    owner, tab = await site.owner("org"), await new_tab()
    await owner.switched(on=True)
    await comes_from_panel(tab, owner)
    await tab.open(f"/domains/{owner.domain}/privacy?to=off")
    await tab.press("main form[action$='/privacy'] button")
    await tab.page.wait_for_selector("main .note.good")
    assert (await owner.privacy())["state"] == "disabled"
