"""The page on which an owner closes his account; it says first what is deleted, and what stays and why."""

from dataclasses import replace

from aiohttp import web

from whoisproxy.i18n import N_
from whoisproxy.portal.account.visiting import AccountPage
from whoisproxy.portal.dependencies import PortalDependencies, form_of
from whoisproxy.portal.entry.cookies import Cookies
from whoisproxy.portal.entry.onward import proof_for
from whoisproxy.portal.entry.signed_in import SIGN_IN, SignedIn
from whoisproxy.portal.entry.visiting import field_of
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW

CLOSED = Said(
    N_("Your account is closed"),
    N_(
        "You are signed out everywhere. Your domains are as they were, and a link of your registrar or by "
        "email leads you in again whenever you like."
    ),
)
_DELETED = (
    N_("Your password, passkeys, codes and recovery codes"),
    N_("All sessions, also on your other devices, and the list of who tried to sign in"),
    N_("Your language and whether you want a second step"),
    N_("Corrections that you asked for; those that wait are taken back"),
    N_("Files with your data that you asked for"),
)
_STAYS = (
    (
        N_("Your domains, and whether each is hidden"),
        N_("They are your registrar's to end; to be shown after all, switch privacy off before"),
    ),
    (N_("Your data as your registrar has told us"), N_("Without them nothing could be relayed to you")),
    (
        N_("Where your mail goes, and whom you allow and block"),
        N_("They belong to the domains, and mail goes on coming"),
    ),
    (
        N_("Mail that is held, and what became of messages"),
        N_("Deleted by itself when its time is over"),
    ),
    (N_("Who was given your data by a disclosure"), N_("You have a right to know it later too")),
)


class ClosingPage(AccountPage):
    """Says what it means; closes."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        super().__init__(deps, pages)
        self._cookies = Cookies(secure=deps.base_url.startswith("https:"))

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Say it."""
        return self._rules(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Close the account, if what was proven is fresh and he says that he has read it."""
        if not self._is_fresh(owner):
            return self._pages.redirect(proof_for("closing"))
        if field_of(await form_of(request), "read") != "yes":
            return self._rules(request, owner, unread=True)
        closed = await self._own.preferences.close(owner.found)
        # The registrar's look stays; the areas are for who is signed in.
        said = (
            self._pages.message(CLOSED, replace(request[VIEW], areas=()))
            if closed
            else self._pages.redirect(SIGN_IN)
        )
        self._cookies.leave(said)
        return said

    def _rules(self, request: web.Request, owner: SignedIn, *, unread: bool = False) -> web.Response:
        status = 422 if unread else 200
        return self._shown(request, owner, "closing", status, deleted=_DELETED, stays=_STAYS, unread=unread)
