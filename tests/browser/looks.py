"""What is wrong with a page for whoever sees little, or has a small screen, or likes it dark."""

from typing import Any

from axe_playwright_python.async_playwright import Axe

from tests.browser.tab import Tab

_AXE = Axe()
_ALL_RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_CONTRAST = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
# 320: WCAG 2.2 section 1.4.10, which is 1280 at 400 %.
_WIDTHS = (320, 360, 768, 1280)
_OVERFLOW = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return "";
  const wide = [...document.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > root.clientWidth + 1 && !one.closest(".scroll, .unseen"));
  return wide.slice(0, 5).map((one) => `<${one.localName} class="${one.className}">`).join(" ") || "page";
}"""


async def faults_of(tab: Tab) -> list[str]:
    """Return what axe finds in light, and what is wider than its window."""
    await tab.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return await _axe(tab, _ALL_RULES) + await too_wide(tab)


async def faults_in_dark(tab: Tab) -> list[str]:
    """Return where axe finds too little contrast in dark; words make no difference to that."""
    await tab.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return [f"dark: {one}" for one in await _axe(tab, _CONTRAST)]


async def too_wide(tab: Tab) -> list[str]:
    """Return the widths of windows in which the page scrolls sideways, and what makes it."""
    found = []
    for width in _WIDTHS:
        await tab.page.set_viewport_size({"width": width, "height": 800})
        if wide := await tab.page.evaluate(_OVERFLOW):
            found.append(f"{width} px: {wide}")
    return found


async def _axe(tab: Tab, options: dict[str, Any]) -> list[str]:
    results = await _AXE.run(tab.page, options=options)
    return [
        f"{one['impact']} {one['id']}: {one['help']}: {node['html'][:160]} ({node['failureSummary']})"
        for one in results.response["violations"]
        for node in one["nodes"]
    ]
