"""A browser that opens the pages for owners, and reads them as strictly as no browser does."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from tests.journeys.journey import Journey

# What may stand in a page of ours; everything else would be somebody else's.
OURS = {
    "html": {"lang"}, "head": set(), "meta": {"charset", "name", "content"}, "title": set(),
    "link": {"rel", "href"}, "body": set(), "header": {"class"}, "main": {"id", "tabindex", "class"},
    "footer": set(),
    "h1": set(), "h2": {"id"}, "h3": set(), "p": {"class"}, "div": {"class", "role"}, "strong": set(),
    "br": set(), "small": set(), "form": {"method", "action"}, "label": {"for", "class"}, "span": {"class"},
    "fieldset": {"class"}, "legend": set(),
    "input": {"id", "name", "value", "maxlength", "autocomplete", "type", "checked", "aria-invalid",
        "aria-describedby"},
    "textarea": {"id", "name", "rows", "required"}, "button": {"name", "value", "class", "aria-describedby"},
    "section": {"aria-labelledby"}, "dl": set(), "dt": set(), "dd": set(), "pre": {"tabindex"},
    "ul": {"class", "aria-label"}, "li": set(), "details": set(), "summary": set(),
    "iframe": {"sandbox", "title", "srcdoc"},
    "ol": {"class", "start"}, "a": {"href", "class", "hreflang", "lang", "aria-current", "aria-describedby"},
    "nav": {"class", "aria-label"}, "img": {"src", "alt", "class"},
}  # fmt: skip


class Strict(HTMLParser):
    """Reads a page: every element and attribute must be one of ours; what is in the frame is kept apart."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.shown: list[str] = []
        self.strange: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name not in OURS.get(tag, set()):
                self.strange.append(f"{tag} {name}")
            if name == "srcdoc":
                self.frames.append(value or "")
            if name in {"href", "action"}:
                self.links.append(value or "")
            if name == "value":
                self.shown.append(value or "")
        if tag not in OURS:
            self.strange.append(tag)

    def handle_data(self, data: str) -> None:
        self.shown.append(data)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the portal."""

    status: int
    html: str
    headers: Any

    def read(self) -> Strict:
        """Return its content; nothing strange stands in it, and its policy lets no script run."""
        reader = Strict()
        reader.feed(self.html)
        reader.close()
        assert reader.strange == []
        policy = self.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert self.headers["Referrer-Policy"] == "no-referrer"
        assert self.headers["Cache-Control"] == "no-store"
        return reader


class Browser:
    """Opens the links of one installation, wherever they say it is."""

    def __init__(self, journey: Journey) -> None:
        self._http = journey.world.http
        self._base = f"http://127.0.0.1:{journey.world.service.ports['portal']}"

    async def open(self, link: str, method: str = "GET", **fields: Any) -> Page:
        """Open a link, or send its form."""
        path = re.sub(r"^https?://[^/]+", "", link)
        data = [
            (name, one)
            for name, many in fields.items()
            for one in (many if isinstance(many, list) else [many])
        ]
        async with self._http.request(method, self._base + path, data=data or None) as answer:
            return Page(answer.status, await answer.text(), answer.headers)

    async def post(self, link: str, **fields: Any) -> Page:
        """Send a form."""
        return await self.open(link, "POST", **fields)
