"""The page of one held message: a look at it without danger, and what its owner may say about it."""

from aiohttp import web

from mailrelay.links import Purpose
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.quarantine import Outcome, Speaker
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.held.deciding import DECISIONS, OVER, said_of
from whoisproxy.portal.held.showing import facts_of
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.viewing import path_of, view_at_registrar
from whoisproxy.portal.view import View
from whoisproxy.services.quarantine import OpenedMessage


class HeldPage:
    """Shows a message; releases it, blocks its sender, reports it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show the message, or that it is held no more."""
        found = await self._found(request)
        view = await self._view(request, found)
        return await (self._form(view, found) if found.letter else self._done(view, found, OVER))

    async def act(self, request: web.Request) -> web.Response:
        """Do what a button says."""
        found, form = await self._found(request), await form_of(request)
        view, decision = await self._view(request, found), DECISIONS.get(form.get("do", [""])[0])
        if decision is None:
            again = self._form(view, found, status=422) if found.letter else self._done(view, found, OVER)
            return await again
        try:
            sure = form.get("sure") == ["yes"]
            decided = await self._deps.decisions.decide(found, decision, Speaker.OWNER, sure=sure)
        except InvalidInput:
            return await self._form(view, found, note="cannot", status=422)
        if decided.outcome is Outcome.DANGEROUS:
            back = await self._back(found)
            return self._pages.page("held/danger", view, domain=found.held.domain, csrf="", back=back)
        now = await self._deps.quarantine.find(found.held.id)
        return await self._done(view, found, said_of(decision, decided, now))

    async def _found(self, request: web.Request) -> OpenedMessage:
        now = self._deps.clock()
        message_id = self._deps.links.message_id(request.match_info["token"], now, Purpose.HELD)
        found = await self._deps.quarantine.open(message_id) if message_id else None
        if found is None:
            raise NoSuchLink
        return found

    async def _view(self, request: web.Request, found: OpenedMessage) -> View:
        held = found.registration
        return await view_at_registrar(self._deps, request, held.registrar_id, held.registrant.language)

    async def _done(self, view: View, found: OpenedMessage, said: Said) -> web.Response:
        back = await self._back(found)
        return self._pages.page("held/done", view, said=said, domain=found.held.domain, csrf="", back=back)

    async def _form(
        self, view: View, found: OpenedMessage, *, note: str = "", status: int = 200
    ) -> web.Response:
        facts, back = facts_of(found, view.language), await self._back(found)
        return self._pages.page("held/message", view, status, note=note, csrf="", back=back, **facts)

    async def _back(self, found: OpenedMessage) -> str:
        quarantine = await self._deps.quarantine.of_registration(found.registration)
        return path_of(self._deps.links.quarantine(quarantine.id, self._deps.clock()))
