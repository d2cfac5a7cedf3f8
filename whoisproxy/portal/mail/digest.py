"""The page on which an owner who has signed in says how often he is told of held mail."""

from aiohttp import web

from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.held.showing import WISHES
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW


class DigestPage:
    """Shows what he wants, and takes another wish for all of his domains."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._preferences = deps.own_data.preferences
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show what he wants."""
        return await self._form(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Take a wish."""
        wish = (await form_of(request)).get("do", [""])[0]
        if wish not in WISHES:
            raise NoSuchLink
        if not await self._preferences.wish_digest(owner.found, DigestWish(wish)):
            raise NoSuchLink
        return await self._form(request, owner, saved=True)

    async def _form(self, request: web.Request, owner: SignedIn, *, saved: bool = False) -> web.Response:
        return self._pages.page(
            "held/digest",
            request[VIEW],
            domain="",
            csrf=owner.csrf,
            saved=saved,
            wish=(await self._preferences.digest(owner.account)).value,
            wishes=WISHES,
            back=self._pages.path("/mail/held"),
        )
