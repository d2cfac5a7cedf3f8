"""Pictures of every page, narrow and wide, light and dark: `make screenshots`.

A picture is called by page, width and scheme, as in `security-360-dark.png`.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from tests.browser.pages import PAGES, PageRow
from tests.browser.scene import scene
from tests.browser.site import Site, running_site

_FOLDER = Path(".cache/screenshots")
_WIDTHS = (360, 1280)
_SCHEMES = ("light", "dark")


async def take(folder: Path, names: list[str], language: str = "en") -> int:
    """Take pictures of the pages with these names, of all where there are none; return how many."""
    rows = [row for row in PAGES if not names or row.name in names]
    with tempfile.TemporaryDirectory(prefix="whoisproxy-screenshots-") as data:
        async with running_site(Path(data)) as site:
            for row in rows:
                await _of_page(site, row, folder, language)
    return len(rows) * len(_WIDTHS) * len(_SCHEMES)


async def _of_page(site: Site, row: PageRow, folder: Path, language: str) -> None:
    tab = await site.tab(locale=language, viewport={"width": _WIDTHS[-1], "height": 800})
    await row.open(tab, await scene(site, language))
    for width in _WIDTHS:
        await tab.page.set_viewport_size({"width": width, "height": 800})
        for scheme in _SCHEMES:
            await tab.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of its words
            file = folder / f"{row.name}-{width}-{scheme}.png"
            await tab.page.screenshot(path=file, full_page=True)
    await tab.close()


def main() -> None:
    """Take them anew; arguments are names of pages."""
    if not sys.argv[1:]:
        shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"{asyncio.run(take(_FOLDER, sys.argv[1:]))} pictures in {_FOLDER}")  # noqa: T201 - its result


if __name__ == "__main__":
    main()
