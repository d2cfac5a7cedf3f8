"""From texts and facts to a page, and the headers under which it is shown."""

from functools import cache, partial
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from whoisproxy.portal.texts import text

# No script, nothing from elsewhere, shown in no frame of others, kept by nobody; and the address of the page,
# which is a secret, is told to nobody.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__package__),
        # Everything is escaped, whatever its template is called.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def style() -> str:
    """Return the style sheet."""
    return files(__package__).joinpath("style.css").read_text(encoding="utf-8")


class Pages:
    """Renders the pages below one address."""

    def __init__(self, base_url: str) -> None:
        self._style_url = urlsplit(base_url).path.rstrip("/") + "/style.css"

    def page(self, template: str, language: str, status: int = 200, **facts: Any) -> web.Response:
        """Return a page from a template."""
        body = (
            _environment()
            .get_template(f"{template}.html")
            .render(t=partial(text, language), language=language, style_url=self._style_url, **facts)
        )
        return web.Response(
            status=status, text=body, content_type="text/html", headers={"Cache-Control": "no-store"}
        )

    def message(self, name: str, language: str, status: int = 200, **facts: str) -> web.Response:
        """Return a page that says one thing: the texts `name_title` and `name`."""
        return self.page("message", language, status, name=name, facts=facts, domain=facts.get("domain", ""))
