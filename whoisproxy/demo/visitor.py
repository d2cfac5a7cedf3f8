"""A browser in the demonstration, without scripts: it keeps cookies, follows links and fills forms in."""

from typing import Any
from urllib.parse import urljoin

import aiohttp
from lxml import html


class Visitor:
    """Somebody at the pages.

    Attributes:
        page: What is open; empty before anything is.
        url: Where that is.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.url = ""
        self.page: Any = html.fromstring("<p></p>")

    @property
    def title(self) -> str:
        """The heading of the page."""
        return str(self.page.xpath("string(//h1)")).strip()

    @property
    def text(self) -> str:
        """Everything that the page says, in one line."""
        return " ".join(self.page.xpath("string(//main)").split())

    def listed(self, name: str) -> list[str]:
        """Return what each item of the list of this class says, but for what it offers to do."""
        items = self.page.xpath("//ul[@class=$name]/li", name=name)
        return [" ".join(" ".join(each.xpath("./p//text()")).split()) for each in items]

    async def open(self, url: str) -> None:
        """Open a page; `url` may be relative to the one that is open."""
        await self._show("GET", urljoin(self.url, url))

    async def click(self, part: str) -> None:
        """Follow the first link whose address contains `part`."""
        [link, *_] = [each for each in self.page.xpath("//main//a/@href") if part in each]
        await self.open(link)

    async def send(self, **fields: str) -> None:
        """Fill in the first form of the content that changes something, and send it by its first button."""
        form = next(each for each in self.page.xpath("//main//form") if each.method == "POST")
        buttons = form.xpath(".//button[@name]")[:1]
        filled = [*form.form_values(), *((button.get("name"), button.get("value")) for button in buttons)]
        values = {**dict(filled), **fields}
        await self._show("POST", urljoin(self.url, form.get("action") or ""), values)

    async def _show(self, method: str, url: str, fields: dict[str, str] | None = None) -> None:
        async with self._session.request(method, url, data=fields) as answer:
            self.url, self.page = str(answer.url), html.fromstring(await answer.text())
