"""What the pages of one domain have in common: whose it is, and that it is there."""

from collections.abc import Awaitable
from typing import Any, TypeVar

from aiohttp import web

from whoisproxy.domain.errors import NotFound
from whoisproxy.portal.dependencies import NoSuchLink, name_in
from whoisproxy.portal.entry.onward import proof_for
from whoisproxy.portal.entry.owners_page import OwnersPage
from whoisproxy.portal.entry.signed_in import SignedIn

_Found = TypeVar("_Found")


class MailSettingsPage(OwnersPage):
    """A page of the owner's, on his mail."""

    def _shown(
        self, request: web.Request, owner: SignedIn, template: str, status: int = 200, **facts: Any
    ) -> web.Response:
        facts |= {"fresh": self._is_fresh(owner), "saved": "saved" in request.query}
        return super()._shown(request, owner, f"mail_settings/{template}", status, **facts)


class DomainPage(MailSettingsPage):
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


async def of_his(answer: Awaitable[_Found]) -> _Found:
    """Return what a service answers; NoSuchLink for what its owner does not have."""
    try:
        return await answer
    except NotFound:
        raise NoSuchLink from None
