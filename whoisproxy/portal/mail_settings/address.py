"""The page on which an owner takes new addresses for a domain: it says what will happen, and does it."""

from aiohttp import web

from whoisproxy.domain.errors import DomainLocked, PrivacyNotAllowed
from whoisproxy.portal.dependencies import name_in
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.mail_settings.domain_page import DomainPage, of_his
from whoisproxy.portal.mail_settings.mail import ROLES


class AddressPage(DomainPage):
    """Shows the addresses that take mail; publishes new ones."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show them."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Publish new ones."""
        try:
            await of_his(self._deps.mail_settings.rotate(owner.found, name_in(request)))
        except (DomainLocked, PrivacyNotAllowed):
            return await self._page(request, owner, refused=True)
        return self._saved(request, "mail/address")

    async def _page(self, request: web.Request, owner: SignedIn, *, refused: bool = False) -> web.Response:
        settings = self._deps.mail_settings
        mail = await of_his(settings.of_domain(owner.account, name_in(request)))
        return self._named(
            request,
            owner,
            "address",
            409 if refused else 200,
            mail=mail,
            refused=refused,
            until=settings.works_until(),
            roles=ROLES,
        )
