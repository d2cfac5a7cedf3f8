"""The pages on loopback over a world with one owner, and browsers that keep cookies as browsers do."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, web
from yarl import URL

from tests.whoisproxy.services.entry import Entry, opened_entry
from tests.whoisproxy.services.switching import switching_over
from tests.whoisproxy.services.world import RELAY, SETTINGS, World
from whoisproxy.config import load
from whoisproxy.portal.app import make_portal_app
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.pages import portal_dependencies
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.owners.domains import OwnerDomains
from whoisproxy.services.owners.entry import OwnerEntry
from whoisproxy.services.owners.mail import OwnerMail
from whoisproxy.services.owners.mail_log import OwnerMailLog
from whoisproxy.services.owners.mail_settings import OwnerMailSettings
from whoisproxy.services.owners.mailboxes import Mailboxes
from whoisproxy.services.owners.own_data import OwnData
from whoisproxy.services.owners.quarantine import OwnerQuarantine
from whoisproxy.services.owners.sender_rules import OwnerSenderRules
from whoisproxy.services.quarantine import QuarantineService
from whoisproxy.services.quarantine_decisions import QuarantineDecisions
from whoisproxy.services.sender_rules import SenderRules
from whoisproxy.services.spam_learning import SpamLearning

_CSRF = re.compile(r'name="csrf" value="(\w+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser got."""

    status: int
    text: str
    headers: Any

    @property
    def location(self) -> str:
        """Where it leads."""
        return str(self.headers.get("Location", ""))

    @property
    def csrf(self) -> str:
        """The token of its forms."""
        found = _CSRF.search(self.text)
        return found[1] if found else ""


@dataclass
class Browser:
    """A browser with cookies of its own, which follows nothing by itself."""

    http: ClientSession
    base_url: str
    csrf: str = field(default="", repr=False)

    async def get(self, path: str, **headers: str) -> Answer:
        """Open a page, and remember the token of its forms."""
        answer = await self._ask("GET", path, headers)
        self.csrf = answer.csrf or self.csrf
        return answer

    async def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        """Send a form of the page that was opened last."""
        return await self._ask("POST", path, headers or {}, {"csrf": self.csrf, **fields})

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], data: dict[str, str] | None = None
    ) -> Answer:
        url = self.base_url + path
        async with self.http.request(
            method, url, data=data, headers=headers, allow_redirects=False
        ) as answer:
            # What is sent as it comes does not end by itself.
            live = answer.content_type == "text/event-stream"
            return Answer(answer.status, "" if live else await answer.text(errors="replace"), answer.headers)

    async def enters(self, token: str) -> Answer:
        """Follow a link that leads in."""
        await self.get(f"/enter/{token}")
        return await self.post(f"/enter/{token}")

    def cookie(self, name: str) -> str:
        """Return the value of a cookie, "" where there is none."""
        return next((one.value for one in self.http.cookie_jar if one.key == name), "")

    def plant(self, name: str, value: str) -> None:
        """Put a cookie into the browser, as whoever sits beside it can."""
        self.http.cookie_jar.update_cookies({name: value}, URL(self.base_url))


@dataclass
class Site:
    """The pages, and the services behind them."""

    entry: Entry
    deps: PortalDependencies
    base_url: str
    _browsers: list[ClientSession] = field(default_factory=list)

    def browser(self) -> Browser:
        """Return a new browser."""
        http = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self._browsers.append(http)
        return Browser(http, self.base_url)

    async def owner(self) -> Browser:
        """Return the browser of an owner who came from his registrar's panel."""
        browser = self.browser()
        assert (await browser.enters(await self.entry.link())).status == 303
        await browser.get("/security")
        return browser

    async def close(self) -> None:
        """Close the browsers."""
        for one in self._browsers:
            await one.close()


@asynccontextmanager
async def open_site(world: World, folder: Path, base_url: str = "", port: int = 0) -> AsyncIterator[Site]:
    """Serve the pages; `base_url` is what they believe the outside sees."""
    config = folder / "pages.toml"
    config.write_text("", encoding="ascii")
    settings = load(config, _same_database(world, folder))
    async with (
        opened_entry(world, folder) as entry,
        open_core(settings, world.clock, migrating=False) as core,
    ):
        deps = _dependencies(core, entry, base_url or "http://127.0.0.1")
        runner = web.AppRunner(make_portal_app(deps, lambda: 0.0), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        site = Site(entry, deps, f"http://127.0.0.1:{runner.addresses[0][1]}")
        yield site
        await site.close()
        await runner.cleanup()


def _same_database(world: World, folder: Path) -> dict[str, str]:
    return {
        "WHOISPROXY_DATABASE__URL": f"sqlite:///{world.storage.engine.url.database}",
        "WHOISPROXY_KEYS__FOLDER": str(folder / "keys"),
    }


def mail_services(entry: Entry) -> dict[str, Any]:
    """Return the services of owners' mail over the world and its queue."""
    storage, queue, clock = entry.world.storage, entry.queue, entry.world.clock
    rules, learning = SenderRules(storage, clock), SpamLearning(storage, queue, clock)
    quarantine = QuarantineService(storage, queue, clock, timedelta(days=30))
    decisions = QuarantineDecisions(storage, queue, quarantine, rules, learning, clock)
    mail = OwnerMail(
        log=OwnerMailLog(storage, queue, clock),
        held=OwnerQuarantine(storage, queue, entry.sessions, quarantine, decisions),
        senders=OwnerSenderRules(storage, entry.sessions, rules),
    )
    return {"mail": mail, "quarantine": quarantine, "decisions": decisions}


def _dependencies(core: Core, entry: Entry, base_url: str) -> PortalDependencies:
    """Return what the pages work with, over the world's database."""
    own = OwnerEntry(entry.sessions, entry.sign_in, entry.passkeys, entry.methods)
    world = entry.world
    return replace(
        portal_dependencies(core),
        **mail_services(entry),
        entry=own,
        owner_domains=OwnerDomains(entry.world.storage, core.catalogue, entry.world.settings),
        owner_switching=switching_over(entry.world),
        mail_settings=OwnerMailSettings(world.storage, entry.sessions, world.privacy, SETTINGS, world.clock),
        mailboxes=Mailboxes(world.storage, entry.sessions, RELAY, world.clock),
        own_data=OwnData.on(
            entry.world.storage, entry.world.registrations, core.own_data.held.kept, entry.world.clock
        ),
        appearances=Appearances(entry.world.storage, base_url),
        base_url=base_url,
        relay_domain=RELAY,
        requests_per_minute=100_000,
    )
