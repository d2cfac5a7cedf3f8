"""The page of all mail that is held for an owner."""

from aiohttp import web

from mailrelay.links import Purpose
from whoisproxy.domain.quarantine import HeldMessage
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.held.showing import ON_A_PAGE, HeldLine, Part, line_of
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.viewing import path_of, view_at_registrar


class HeldListPage:
    """Lists what is held, a page at a time; what is decided is decided at the links of the messages."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show the list."""
        now = self._deps.clock()
        quarantine_id = self._deps.links.quarantine_id(Purpose.QUARANTINE, request.match_info["token"], now)
        found = await self._deps.quarantine.of_owner(quarantine_id) if quarantine_id else None
        if found is None:
            raise NoSuchLink
        registrar_id = found.quarantine.registrar_id
        view = await view_at_registrar(self._deps, request, registrar_id, found.language)
        part = Part.of(len(found.messages), request.query.get("page", "1"))
        shown = found.messages[part.start : part.start + ON_A_PAGE]
        return self._pages.page(
            "held/list",
            view,
            domain="",
            csrf="",
            messages=[await self._line(one, view.language) for one in shown],
            part=part,
            settings_link=path_of(self._deps.links.digest(found.quarantine.id, now)),
        )

    async def _line(self, held: HeldMessage, language: str) -> HeldLine:
        link = path_of(self._deps.links.held(held.id, self._deps.clock()))
        return line_of(held, await self._deps.quarantine.heading(held), language, link)
