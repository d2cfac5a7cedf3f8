"""Every page speaks the language of whoever looks at it: that of his profile, else that of his browser."""

import pytest

from tests.browser.conftest import NewTab
from tests.browser.people import comes_from_panel
from tests.browser.site import Site
from tests.browser.tab import Tab
from whoisproxy.i18n import LANGUAGES

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

# Heading of the page to sign in, heading of the domains: said here again, so that catalogues are tried too.
_SAID = {
    "en": ("Sign in", "Your domains"),
    "de": ("Anmelden", "Ihre Domains"),
    "fr": ("Se connecter", "Vos domaines"),
    "it": ("Accedi", "I Suoi domini"),
    "es": ("Entrar", "Sus dominios"),
}
# What browsers wish for, and which language's owner has a browser that wishes for another.
_TAGS = {"en": "en-GB", "de": "de-CH", "fr": "fr-CA", "it": "it-CH", "es": "es-MX"}
_OTHER = {"en": "es", "de": "en", "fr": "de", "it": "fr", "es": "it"}


async def _speaks(tab: Tab, language: str, heading: str) -> None:
    assert await tab.page.get_attribute("html", "lang") == language
    assert await tab.page.inner_text(tab.heading) == heading


@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_speak_the_language_of_the_browser_then_of_the_profile(
    site: Site, new_tab: NewTab, language: str
) -> None:
    browsers = _OTHER[language]
    owner, tab = await site.owner(), await new_tab(locale=_TAGS[browsers])
    await tab.open("/sign-in")
    await _speaks(tab, browsers, _SAID[browsers][0])
    await comes_from_panel(tab, owner)
    await _speaks(tab, browsers, _SAID[browsers][1])
    await tab.open("/account/preferences")
    await tab.page.select_option("#language", language)
    await tab.press("form:has(#language) button")
    await tab.open("/domains")
    await _speaks(tab, language, _SAID[language][1])
    # Who has said it once is not asked again; who is nobody yet may choose, and his choice is kept.
    assert await tab.page.locator("footer a[hreflang]").count() == 0
    await tab.open("/security")
    await tab.press("form[action$='/sign-out'] button")
    await _speaks(tab, browsers, _SAID[browsers][0])
    await tab.press(f"footer a[hreflang={language}]")
    await tab.open("/sign-in")
    await _speaks(tab, language, _SAID[language][0])
