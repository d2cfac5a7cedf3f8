"""What the pages of one domain have in common: whose it is, and that it is there."""

from collections.abc import Awaitable
from typing import Any, TypeVar

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.entry.onward import proof_for
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW

_Found = TypeVar("_Found")


class OwnersPage:
    """A page of who has signed in, on his mail."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    def _is_fresh(self, owner: SignedIn) -> bool:
        return owner.session.is_fresh(self._deps.clock())

    def _shown(
        self, request: web.Request, owner: SignedIn, template: str, status: int = 200, **facts: Any
    ) -> web.Response:
        return self._pages.page(
            f"mail_settings/{template}",
            request[VIEW],
            status,
            domain="",
            csrf=owner.csrf,
            fresh=self._is_fresh(owner),
            saved="saved" in request.query,
            **facts,
        )


class DomainPage(OwnersPage):
    """A page of one domain, which it shows as `name`, and whose pages are below `place`."""

    def _named(
        self, request: web.Request, owner: SignedIn, template: str, status: int = 200, **facts: Any
    ) -> web.Response:
        name = name_in(request)
        place, proof = f"/domains/{name.a_label}", proof_for(template, name.a_label)
        return self._shown(
            request, owner, template, status, name=name.u_label, place=place, proof=proof, **facts
        )

    async def _to_proof(self, request: web.Request, owner: SignedIn, place: str) -> web.Response:
        mail = await of_his(self._deps.mail_settings.of_domain(owner.account, name_in(request)))
        return self._pages.redirect(proof_for(place, mail.registration.name.a_label))

    def _saved(self, request: web.Request, page: str = "mail") -> web.Response:
        return self._pages.redirect(f"/domains/{name_in(request).a_label}/{page}?saved")


def name_in(request: web.Request) -> DomainName:
    """Return the domain of a path; NoSuchLink for what is no name of one."""
    try:
        return DomainName.parse(request.match_info["domain"])
    except InvalidInput:
        raise NoSuchLink from None


async def of_his(answer: Awaitable[_Found]) -> _Found:
    """Return what a service answers; NoSuchLink for what its owner does not have."""
    try:
        return await answer
    except NotFound:
        raise NoSuchLink from None
