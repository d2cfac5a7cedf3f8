"""What pages of the way in have in common: who visits, and how an answer lets him in."""

from typing import Any

from aiohttp import web

from whoisproxy.domain.appearance import Appearance, host_name
from whoisproxy.domain.disclosure import network_of
from whoisproxy.domain.owner_session import Stage
from whoisproxy.domain.sign_in import Visit, device_of
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.entry.cookies import Cookies
from whoisproxy.portal.entry.signed_in import HOME, PLACES
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.request_limits import client_address
from whoisproxy.services.owners.passkeys import Site
from whoisproxy.services.owners.sessions import Entered, csrf_token


class EntryPage:
    """A page of the way in."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages
        self._entry = deps.entry
        self._cookies = Cookies(secure=deps.base_url.startswith("https:"))

    def _site(self, request: web.Request) -> Site:
        """Return where passkeys count: the host by which the pages were opened, if it is one of ours."""
        return Site.of(self._deps.appearances.base_url(own_host(request)))

    def _visit(self, request: web.Request) -> Visit:
        network = network_of(client_address(request.remote, request.headers))
        device = device_of(request.headers.get("User-Agent", ""))
        return Visit(network, device, self._cookies.device(request))

    def _shown(self, request: web.Request, template: str, status: int = 200, **facts: Any) -> web.Response:
        """Return a page with a form for somebody who has not signed in."""
        secret = self._cookies.greet(request)
        csrf = csrf_token(secret)
        response = self._pages.page(template, request[VIEW], status, domain="", csrf=csrf, **facts)
        if secret != self._cookies.secret(request):
            self._cookies.give(response, secret)
        return response

    async def _let_in(self, request: web.Request, entered: Entered, onward: str = HOME) -> web.Response:
        """Return the answer that gives a browser its session, and leads to where it goes on.

        That is `onward` where the sign-in is complete. A session that it had before is over.
        """
        if before := self._cookies.secret(request):
            await self._entry.sessions.forget(before)
        stage = entered.session.stage
        response = self._pages.redirect(onward if stage is Stage.FULL else PLACES[stage])
        self._cookies.enter(response, entered)
        return response


def own_host(request: web.Request) -> Appearance | None:
    """Return the look of the registrar by whose own host name the pages were opened; None for ours."""
    look = request[VIEW].appearance
    return look if look is not None and look.host and look.host == host_name(request.host) else None


def field_of(form: dict[str, list[str]], name: str) -> str:
    """Return one field of a form, "" where it is not there."""
    return form.get(name, [""])[0]
