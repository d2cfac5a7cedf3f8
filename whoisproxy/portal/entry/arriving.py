"""The page behind a link that leads an owner in: of his registrar's panel, or of a letter.

Opening it changes nothing, since mail scanners open links; a click uses the link up.
"""

from aiohttp import web

from whoisproxy.portal.dependencies import NoSuchLink
from whoisproxy.portal.entry.visiting import EntryPage
from whoisproxy.portal.view import VIEW


class ArrivingPage(EntryPage):
    """Says where the link leads; lets in."""

    async def show(self, request: web.Request) -> web.Response:
        """Say whose pages they are."""
        found = await self._entry.sign_in.look_at(request.match_info["token"])
        if found is None:
            raise NoSuchLink
        look = await self._deps.appearances.of_registrar(found.registrar.id)
        request[VIEW] = request[VIEW].dressed(look)
        return self._shown(request, "entry/arriving", registrar=found.registrar.name, domains=found.domains)

    async def act(self, request: web.Request) -> web.Response:
        """Use the link up."""
        entered = await self._entry.sign_in.by_link(request.match_info["token"], self._visit(request))
        if entered is None:
            raise NoSuchLink
        return await self._let_in(request, entered)
