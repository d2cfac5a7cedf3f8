"""The pages on loopback, over a real database, and a browser without cookies that follows no redirect."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, DummyCookieJar, web

from whoisproxy.config import Settings, load
from whoisproxy.portal.app import make_portal_app
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.pages import portal_dependencies

_PORTAL = '[portal]\nbase_url = "{}"\nrequests_per_minute = {}\n'


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer of the pages."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def html(self) -> str:
        """The page."""
        return self.content.decode()

    @property
    def parts(self) -> list[str]:
        """Where what the page loads is."""
        return re.findall(r'<(?:link rel="(?:stylesheet|icon)" href|script src|img src)="([^"]+)"', self.html)


@dataclass(frozen=True, slots=True)
class Site:
    """Running pages."""

    core: Core
    base: str
    http: ClientSession

    async def get(self, path: str, **headers: str) -> Shown:
        """Open a page."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(self.base + path, headers=sent, allow_redirects=False) as answer:
            return Shown(answer.status, answer.headers.copy(), await answer.read())


@asynccontextmanager
async def running_site(
    folder: Path,
    database_url: str,
    base_url: str = "https://privacy.example/own",
    more: str = "",
    requests_per_minute: int = 100_000,
) -> AsyncIterator[Site]:
    """Start the pages on an ephemeral port, over a migrated database, and stop them; `more` is TOML.

    For limits, time stands still.
    """
    settings = _settings(folder, database_url, _PORTAL.format(base_url, requests_per_minute) + more)
    async with open_core(settings, migrating=False) as core:
        runner = web.AppRunner(make_portal_app(portal_dependencies(core), lambda: 0.0), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with ClientSession(cookie_jar=DummyCookieJar()) as http:
                yield Site(core, base, http)
        finally:
            await runner.cleanup()


def _settings(folder: Path, database_url: str, text: str) -> Settings:
    file = folder / "whoisproxy.toml"
    file.write_text(text)
    return load(file, {"WHOISPROXY_DATABASE__URL": database_url})
