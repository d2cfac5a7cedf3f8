"""The page on which an owner says how often he is told of held mail; one-click unsubscribing (RFC 8058)."""

from aiohttp import web

from mailrelay.links import Purpose
from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.held.showing import WISHES
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.viewing import path_of, view_at_registrar
from whoisproxy.services.quarantine import OwnersQuarantine


class DigestPage:
    """Shows what he wants, and takes another wish for all of his domains."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show what he wants; mail scanners come here too."""
        return await self._form(request, await self._deps.quarantine.of_owner(self._id(request)))

    async def act(self, request: web.Request) -> web.Response:
        """Take a wish; a mailbox's POST of `List-Unsubscribe=One-Click` wants no more letters."""
        wish = (await form_of(request)).get("do", [DigestWish.OFF])[0]
        if wish not in WISHES:
            raise NoSuchLink
        found = await self._deps.quarantine.wish(self._id(request), DigestWish(wish))
        return await self._form(request, found, saved=True)

    def _id(self, request: web.Request) -> str:
        token = request.match_info["token"]
        quarantine_id = self._deps.links.quarantine_id(Purpose.DIGEST, token, self._deps.clock())
        if quarantine_id is None:
            raise NoSuchLink
        return quarantine_id

    async def _form(
        self, request: web.Request, found: OwnersQuarantine | None, *, saved: bool = False
    ) -> web.Response:
        if found is None:
            raise NoSuchLink
        registrar_id = found.quarantine.registrar_id
        view = await view_at_registrar(self._deps, request, registrar_id, found.language)
        return self._pages.page(
            "held/digest",
            view,
            domain="",
            csrf="",
            saved=saved,
            wish=found.wish.value,
            wishes=WISHES,
            back=path_of(self._deps.links.quarantine(found.quarantine.id, self._deps.clock())),
        )
