"""Pages on which an owner asks for a file of all of his data, and fetches it."""

from aiohttp import web

from whoisproxy.domain.export import KEPT, MOST_A_DAY, ExportState
from whoisproxy.i18n import N_
from whoisproxy.portal.account.visiting import EXPORTS, AccountPage, id_in
from whoisproxy.portal.dependencies import NoSuchLink
from whoisproxy.portal.entry.onward import proof_for
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.services.owners.exports import Asking

_STATES = {
    ExportState.PENDING: N_("Being made; an email tells you when it is ready"),
    ExportState.READY: N_("Ready to be fetched"),
    ExportState.FAILED: N_("Could not be made"),
}
_TOO_MANY = N_("You have asked for %(count)s files today. Please try again tomorrow.")


class ExportsPage(AccountPage):
    """Lists what can be fetched; lets one be made."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """List them, the newest first."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Let one be made."""
        if await self._own.exports.ask(owner.found) is Asking.TOO_MANY:
            return await self._page(request, owner, _TOO_MANY, 422)
        return self._pages.redirect(EXPORTS)

    async def fetch(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Give one out; it wants a fresh proof, since all of his data are in it."""
        content = await self._own.exports.content(owner.account, id_in(request, "export"))
        if content is None:
            raise NoSuchLink
        if not self._is_fresh(owner):
            return self._pages.redirect(proof_for("exports"))
        name = f"domain-data-{self._deps.clock():%Y-%m-%d}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return web.Response(body=content, content_type="application/zip", headers=headers)

    async def _page(
        self, request: web.Request, owner: SignedIn, note: str = "", status: int = 200
    ) -> web.Response:
        found = await self._own.exports.of_account(owner.account)
        return self._shown(
            request,
            owner,
            "exports",
            status,
            exports=found,
            pending=any(one.state is ExportState.PENDING for one in found),
            states=_STATES,
            note=note,
            most=MOST_A_DAY,
            days=KEPT.days,
        )
