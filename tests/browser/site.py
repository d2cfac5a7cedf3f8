"""The service as browsers find it: all roles, behind TLS and under a host name of its own, and Chromium.

Chromium resolves that name and the one that a registrar may have for its pages, and no other, so that nothing
which a page might ask of somebody else is answered. The certificate is believed, since passkeys want a page
that is free of faults.
"""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from registries.sandbox.authority import CertificateAuthority
from tests.browser.tab import Tab
from tests.journeys.journey import Journey, MovingClock
from whoisproxy.demo.world import World, loopback_world

HOST = "privacy.example"
BASE = f"https://{HOST}"
OWN_HOST = "privacy.bakers-registrar.example"
"""The host name of a registrar's own, which is that of nobody until one takes it."""
_SETTINGS = {
    "WHOISPROXY_PORTAL__BASE_URL": BASE,
    # Addresses that were rotated take mail for as long as a test may take.
    "WHOISPROXY_RELAY__GRACE_S": "86400",
    "WHOISPROXY_PORTAL__REQUESTS_PER_MINUTE": "100000",
    "WHOISPROXY_CONTACT__PER_NETWORK_AN_HOUR": "100000",
    "WHOISPROXY_CONTACT__PER_DOMAIN_AN_HOUR": "100000",
}


def chromium_program() -> str:
    """Return where Chromium is, "" where it is not installed."""
    return shutil.which("chromium") or ""


@dataclass(repr=False)
class Site:
    """Everything, started.

    Attributes:
        kept: What tests of one language share, by language; see `scene`.
    """

    world: World
    clock: MovingClock
    browser: Browser
    kept: dict[str, Any] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    async def owner(self, tld: str = "org", language: str = "en") -> Journey:
        """Return a new owner, whose one domain is registered without privacy."""
        owner = Journey(self.world, self.clock, f"zoes-bakery-{next(self._numbers)}.{tld}")
        owner.registrant["language"] = language
        await owner.registered()
        return owner

    async def tab(self, **options: Any) -> Tab:
        """Return a tab of a new browser profile; `options` are Playwright's, such as `color_scheme`."""
        options = {"base_url": BASE, "locale": "en", **options}
        context = await self.browser.new_context(**options)
        return await Tab.open_in(context, options["base_url"])


@asynccontextmanager
async def running_site(folder: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Site]:
    """Start everything, and stop it; `environment` adds settings of the service."""
    clock = MovingClock()
    async with AsyncExitStack() as stack:
        settings = {**_SETTINGS, **(environment or {})}
        world = await stack.enter_async_context(loopback_world(folder, clock, settings))
        port = await stack.enter_async_context(_behind_tls(folder / "tls", world.service.ports["portal"]))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=chromium_program(),
            args=[
                # Whoever is root has no sandbox.
                "--no-sandbox",
                f"--host-resolver-rules={_resolved(port)}, MAP * ~NOTFOUND",
                "--ignore-certificate-errors",
            ],
        )
        stack.push_async_callback(browser.close)
        yield Site(world, clock, browser)


def _resolved(port: int) -> str:
    return ", ".join(f"MAP {host}:443 127.0.0.1:{port}" for host in (HOST, OWN_HOST))


@asynccontextmanager
async def _behind_tls(folder: Path, port: int) -> AsyncIterator[int]:
    """Take TLS connections for what listens on a port of loopback; yield where."""
    authority = CertificateAuthority(folder)
    context = authority.server_context(authority.issue(HOST, hosts=[HOST, OWN_HOST]))
    context.verify_mode = ssl.CERT_NONE

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_service, to_service = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, to_service), _pump(from_service, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while octets := await reader.read(65536):
            writer.write(octets)
            await writer.drain()
    except OSError:
        pass  # one of the two has hung up
    finally:
        writer.close()
