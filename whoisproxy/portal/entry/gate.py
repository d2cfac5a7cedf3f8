"""Who may come where: sessions, and forms that are our own.

A form counts when its browser says that a page of ours has sent it (Fetch Metadata, Origin) and when it
carries the token of the browser's secret. Either would do; both are asked for, since one of them may fail.
"""

import re
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from urllib.parse import urlsplit

from aiohttp import web

from whoisproxy.domain.owner_session import Stage
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.entry.cookies import Cookies
from whoisproxy.portal.entry.signed_in import PLACES, SIGN_IN, SignedIn
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import OWN_FORMS, Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.sessions import csrf_token

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]
OwnersHandler = Callable[[web.Request, SignedIn], Awaitable[web.StreamResponse]]

STALE = Said(
    N_("This form is no longer good"),
    N_("It was open for too long, or did not come from our page. Nothing was changed. Please open it again."),
)
_CSRF = re.compile(r"[0-9a-z]{26}")


class Gate:
    """Lets requests through to pages.

    Args:
        deps: Where sessions are.
        pages: Renders refusals.
        cookies: Reads secrets.
    """

    def __init__(self, deps: PortalDependencies, pages: Pages, cookies: Cookies) -> None:
        self._deps = deps
        self._pages = pages
        self._cookies = cookies
        self._host = urlsplit(deps.base_url).netloc.lower()

    def for_anybody(self, page: Page, *, writes: bool) -> Page:
        """Return a page that takes forms of ours alone."""

        async def admitted(request: web.Request) -> web.StreamResponse:
            if writes and not await self._is_own_form(request):
                return self._stale(request)
            request[OWN_FORMS] = True
            return await page(request)

        return admitted

    def for_visitors(self, page: Page, *, writes: bool) -> Page:
        """Return a page that takes forms of ours, of browsers that hold nothing of ours to know them by."""

        async def admitted(request: web.Request) -> web.StreamResponse:
            if writes and not self._is_same_origin(request):
                return self._stale(request)
            request[OWN_FORMS] = True
            return await page(request)

        return admitted

    def for_owners(self, page: OwnersHandler, *, writes: bool, stages: frozenset[Stage]) -> Page:
        """Return a page that takes owners whose sign-in has come to one of some stages."""

        async def admitted(request: web.Request) -> web.StreamResponse:
            owner = await self._owner(request)
            if owner is None:
                return self._pages.redirect(SIGN_IN)
            if owner.session.stage not in stages:
                return self._pages.redirect(PLACES[owner.session.stage])
            if writes and not await self._is_own_form(request):
                return self._stale(request)
            request[OWN_FORMS] = True
            return await page(request, owner)

        return admitted

    async def _owner(self, request: web.Request) -> SignedIn | None:
        secret = self._cookies.secret(request)
        found = await self._deps.entry.sessions.find(secret) if secret else None
        if found is None:
            return None
        view = request[VIEW]
        if wished := found.account.profile.language:
            view = view.of_profile(wished)
        view = view.dressed(await self._deps.appearances.of_registrar(found.registrar.id))
        csrf = csrf_token(secret)
        request[VIEW] = view.of_owner(csrf) if found.session.stage is Stage.FULL else view
        return SignedIn(found, csrf, view.language)

    async def _is_own_form(self, request: web.Request) -> bool:
        if not self._is_same_origin(request):
            return False
        secret, given = self._cookies.secret(request), (await request.post()).get("csrf", "")
        if not secret or not isinstance(given, str) or not _CSRF.fullmatch(given):
            return False
        return compare_digest(given, csrf_token(secret))

    def _is_same_origin(self, request: web.Request) -> bool:
        """Whether nothing says that another site has sent it; what is not said is left to the token."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if origin is None or (origin == "null" and site == "same-origin"):
            return site in {None, "same-origin"}
        ours = _host_of(origin) in {self._host, request.host.lower()}
        return ours and site in {None, "same-origin"}

    def _stale(self, request: web.Request) -> web.Response:
        return self._pages.message(STALE, request[VIEW], 403)


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
