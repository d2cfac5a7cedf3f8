"""The page of an owner's mailboxes: named, confirmed by a link in a letter, taken away."""

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput, RateLimited
from whoisproxy.domain.owner_mailbox import MOST_MAILBOXES
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, form_of
from whoisproxy.portal.entry.onward import proof_for
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.entry.visiting import field_of
from whoisproxy.portal.mail_settings.domain_page import MailSettingsPage, of_his
from whoisproxy.services.owners.mailboxes import MailboxState

MAILBOXES = "/mailboxes"
STATES = {
    MailboxState.WAITING: N_("waits for your click on the link in the email that we sent there"),
    MailboxState.GOOD: N_("confirmed"),
    MailboxState.FAILING: N_("confirmed, but it refuses mail"),
}
_WRONG = N_("Mail cannot go there. Please type an email address of yours that is not on the list yet.")
_OFTEN = N_("Enough emails were sent for now. Please wait a few minutes.")


class MailboxesPage(MailSettingsPage):
    """Lists mailboxes; adds one, sends its letter again, takes it away."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show them."""
        return await self._page(request, owner)

    async def add(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Add one, if what was proven is fresh."""
        if not self._is_fresh(owner):
            return self._pages.redirect(proof_for("mailboxes"))
        typed = field_of(await form_of(request), "mailbox").strip()
        try:
            await of_his(self._deps.mailboxes.add(owner.found, typed))
        except InvalidInput:
            return await self._page(request, owner, _WRONG, typed)
        except RateLimited:
            return await self._page(request, owner, _OFTEN, typed, 429)
        return self._pages.redirect(f"{MAILBOXES}?saved")

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Send a letter again, or take a mailbox away, if what was proven is fresh."""
        if not self._is_fresh(owner):
            return self._pages.redirect(proof_for("mailboxes"))
        mailbox, mailboxes = request.match_info["mailbox"], self._deps.mailboxes
        match field_of(await form_of(request), "do"):
            case "again":
                doing = mailboxes.send_again(owner.found, mailbox)
            case "remove":
                doing = mailboxes.remove(owner.found, mailbox)
            case _:
                raise NoSuchLink
        try:
            await of_his(doing)
        except RateLimited:
            return await self._page(request, owner, _OFTEN, status=429)
        return self._pages.redirect(f"{MAILBOXES}?saved")

    async def _page(
        self, request: web.Request, owner: SignedIn, note: str = "", typed: str = "", status: int = 422
    ) -> web.Response:
        shown = await self._deps.mailboxes.of_account(owner.account)
        return self._shown(
            request,
            owner,
            "mailboxes",
            status if note else 200,
            proof=proof_for("mailboxes"),
            note=note,
            typed=typed,
            mailboxes=shown,
            states=STATES,
            full=len(shown) >= MOST_MAILBOXES,
        )
