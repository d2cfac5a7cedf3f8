"""The page behind the link in a letter: a sender says that a message is his.

Opening it changes nothing, since mail scanners open links; a click has the message passed on.
"""

from aiohttp import web

from whoisproxy.domain.contact_form import Submission
from whoisproxy.domain.names import DomainName
from whoisproxy.portal.contact.domain_page import KINDS
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW

STATUS = "/contact/status/"


class ConfirmingPage:
    """Shows what is about to be passed on; takes the word for it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._form = deps.contact.form
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Say what it is about; who has confirmed is led to where he sees how far it has come."""
        found = await self._found(request)
        if found.confirmed_at is not None:
            return self._pages.redirect(STATUS + self._form.status_token(found))
        return self._pages.page(
            "contact/confirming",
            request[VIEW],
            domain="",
            name=DomainName(found.domain),
            kind=KINDS[found.kind],
            at=found.created_at,
        )

    async def act(self, request: web.Request) -> web.Response:
        """Have it passed on."""
        token = await self._form.confirm(request.match_info["token"])
        if token is None:
            raise NoSuchLink
        return self._pages.redirect(STATUS + token)

    async def _found(self, request: web.Request) -> Submission:
        found = await self._form.awaiting(request.match_info["token"])
        if found is None:
            raise NoSuchLink
        return found
