"""Where anybody names the domain whose owner he looks for; mail that was refused leads here."""

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW

_LONGEST = 300


class StartPage:
    """Asks for a domain, and leads to its page."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        del deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Ask, or lead there."""
        typed = request.query.get("domain", "")[:_LONGEST]
        if not typed:
            return self._form(request)
        try:
            name = DomainName.parse(typed)
        except InvalidInput:
            return self._form(request, typed, status=422)
        # A-labels below a public suffix: nothing in them leads elsewhere.
        return self._pages.redirect(f"/contact/{name.a_label}")

    def _form(self, request: web.Request, typed: str = "", status: int = 200) -> web.Response:
        return self._pages.page("contact/start", request[VIEW], status, domain="", typed=typed)
