"""One tab of a browser profile, and everything in it that a page of ours must not do."""

import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, CDPSession, ConsoleMessage, Page, Response

# The browser says so of every page whose status is not 2xx, which some of ours are meant to be.
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
_OBSERVE = """
window.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What keeps the passkeys of a device, played by the browser."""

    session: CDPSession
    name: str

    async def credentials(self) -> list[dict[str, Any]]:
        """Return what it keeps."""
        asked = {"authenticatorId": self.name}
        found = await self.session.send("WebAuthn.getCredentials", asked)
        return list(found["credentials"])


@dataclass(repr=False)
class Tab:
    """A tab.

    Attributes:
        base: Address of the pages; whatever else is asked for is a fault.
        requests: Every address that was asked for.
        faults: What no page of ours may do: ask others, complain, break its policy, open a dialog.
    """

    context: BrowserContext
    page: Page
    base: str
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @classmethod
    async def open_in(cls, context: BrowserContext, base: str) -> Self:
        """Open it in a profile, and watch it."""
        tab = cls(context, await context.new_page(), base)
        await tab.page.add_init_script(_OBSERVE)
        tab.page.on("request", lambda request: tab._asked(request.url))
        tab.page.on("console", tab._said)
        tab.page.on("pageerror", lambda error: tab.faults.append(f"error: {error}"))
        tab.page.on("dialog", tab._asks)
        return tab

    @property
    def path(self) -> str:
        """Where it is."""
        return urlsplit(self.page.url).path

    @property
    def heading(self) -> str:
        """The selector of the one heading of a page."""
        return "main h1"

    async def open(self, path: str) -> int:
        """Go to a page, by path or whole address; return its status."""
        answer = await self.page.goto(path)
        assert answer is not None
        return answer.status

    async def keep_session(self, secret: str) -> None:
        """Give the profile the session that a secret opens."""
        cookie = {"name": "__Host-owner", "value": secret, "url": self.base, "secure": True}
        await self.context.add_cookies([cookie])  # type: ignore[list-item] # Playwright's own TypedDict

    async def press(self, selector: str) -> Response:
        """Press something that leads to a page, and wait for that; return its answer."""
        async with self.page.expect_navigation() as navigation:
            await self.page.click(selector)
        answer = await navigation.value
        assert answer is not None
        return answer

    async def text(self) -> str:
        """Return what the page shows of its content."""
        return await self.page.inner_text("main")

    async def authenticator(self) -> "Authenticator":
        """Give the device a way to keep passkeys, unlocked by its user."""
        session = await self.context.new_cdp_session(self.page)
        await session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return Authenticator(session, made["authenticatorId"])

    async def close(self) -> None:
        """Close it; nothing that it should not do has it done."""
        await self.context.close()
        assert self.faults == []

    def _asked(self, url: str) -> None:
        self.requests.append(url)
        if not url.startswith((f"{self.base}/", "data:", "about:")):
            self.faults.append(f"request: {url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _STATUS.match(message.text):
            self.faults.append(f"console: {message.text}")

    async def _asks(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()
