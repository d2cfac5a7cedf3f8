"""A page of who has signed in, as most of them are."""

from typing import Any

from aiohttp import web

from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW


class OwnersPage:
    """Knows what is below it, and shows templates to their owner."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    def _is_fresh(self, owner: SignedIn) -> bool:
        """Whether what was proven is young enough for what would harm him in other hands."""
        return owner.session.is_fresh(self._deps.clock())

    def _shown(
        self, request: web.Request, owner: SignedIn, template: str, status: int = 200, **facts: Any
    ) -> web.Response:
        return self._pages.page(template, request[VIEW], status, domain="", csrf=owner.csrf, **facts)
