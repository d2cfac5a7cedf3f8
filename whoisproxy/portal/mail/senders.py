"""The page of senders whom an owner allows or blocks."""

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.sender_rules import RuleAction
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.entry.visiting import field_of
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW

ACTIONS = {RuleAction.BLOCK: N_("Block"), RuleAction.ALLOW: N_("Always let through")}
_WRONG = {
    "sender": N_("Write a mailbox, or a domain such as example.com. A whole ending cannot be let through."),
    "name": N_("This is no domain."),
    "domain": N_("This is none of your domains."),
}
_ON_A_PAGE = 50
_LONGEST = 320


class SendersPage:
    """Lists rules; makes and removes them."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._senders = deps.mail.senders
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show them."""
        return await self._page(request, owner)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Make a rule."""
        form = await form_of(request)
        sender, action = field_of(form, "sender")[:_LONGEST], field_of(form, "action")
        domain = field_of(form, "domain").strip()[:_LONGEST]
        if action not in ACTIONS:
            raise NoSuchLink
        try:
            await self._senders.put(owner.found, sender, RuleAction(action), domain)
        except NotFound:
            raise NoSuchLink from None
        except InvalidInput as error:
            given = {"sender": sender, "action": action, "domain": domain}
            return await self._page(request, owner, given, error.field, 422)
        return self._pages.redirect("/mail/senders")

    async def remove(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Forget a rule."""
        try:
            await self._senders.remove(owner.found, request.match_info["rule"])
        except NotFound:
            raise NoSuchLink from None
        return self._pages.redirect("/mail/senders")

    async def _page(
        self,
        request: web.Request,
        owner: SignedIn,
        given: dict[str, str] | None = None,
        wrong: str = "",
        status: int = 200,
    ) -> web.Response:
        before = request.query.get("before", "")[:_LONGEST]
        found = await self._senders.page(owner.account, before, _ON_A_PAGE)
        return self._pages.page(
            "mail/senders",
            request[VIEW],
            status,
            domain="",
            csrf=owner.csrf,
            rules=found.rules,
            older=found.older,
            newest=bool(before),
            actions=ACTIONS,
            given=given or {"sender": "", "action": RuleAction.BLOCK.value, "domain": ""},
            wrong=_told(wrong),
        )


def _told(wrong: str) -> dict[str, str]:
    """Return what is wrong with each field, in English, by the name of the field that was refused."""
    told = {"sender": "", "domain": ""}
    if wrong:
        told["domain" if wrong in {"domain", "name"} else "sender"] = _WRONG.get(wrong, _WRONG["sender"])
    return told
