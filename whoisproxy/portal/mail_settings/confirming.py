"""The page behind the link in a letter to a new mailbox: opening it changes nothing, a click confirms."""

from aiohttp import web

from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.viewing import view_at_registrar
from whoisproxy.portal.view import VIEW, View
from whoisproxy.services.owners.mailboxes import Confirming

_CONFIRMED = Said(
    N_("The mailbox is confirmed"),
    N_("%(mailbox)s can be chosen for the mail of your domains now. No mail comes here before you do so."),
)


class ConfirmMailboxPage:
    """Says which mailbox it is; confirms it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Say what a click does."""
        found = await self._deps.mailboxes.look_at(request.match_info["token"])
        if found is None:
            raise NoSuchLink
        return self._pages.page(
            "mail_settings/confirm",
            await self._view(request, found),
            domain="",
            mailbox=found.mailbox.mailbox,
            registrar=found.registrar,
        )

    async def act(self, request: web.Request) -> web.Response:
        """Confirm it."""
        found = await self._deps.mailboxes.confirm(request.match_info["token"])
        if found is None:
            raise NoSuchLink
        view = await self._view(request, found)
        return self._pages.message(_CONFIRMED, view, mailbox=found.mailbox.mailbox)

    async def _view(self, request: web.Request, found: Confirming) -> View:
        if found.language:
            return await view_at_registrar(self._deps, request, found.registrar_id, found.language)
        return request[VIEW].dressed(await self._deps.appearances.of_registrar(found.registrar_id))
