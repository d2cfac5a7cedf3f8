"""Held mail of an owner who has signed in: the list, and the page of one message."""

from aiohttp import web

from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.quarantine import HeldMessage, Outcome
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.held.deciding import DECISIONS, OVER, said_of
from whoisproxy.portal.held.showing import ON_A_PAGE, HeldLine, Part, facts_of, line_of
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.services.quarantine import OpenedMessage

_HELD = "/mail/held"


class HeldListPage:
    """Lists what is held for all of an owner's domains."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show a page of the list."""
        messages = await self._deps.mail.held.held(owner.account)
        part = Part.of(len(messages), request.query.get("page", "1"))
        shown = messages[part.start : part.start + ON_A_PAGE]
        return self._pages.page(
            "held/list",
            request[VIEW],
            domain="",
            csrf=owner.csrf,
            messages=[await self._line(one, owner.language) for one in shown],
            part=part,
            settings_link=self._pages.path("/mail/digest"),
        )

    async def _line(self, held: HeldMessage, language: str) -> HeldLine:
        heading = await self._deps.quarantine.heading(held)
        return line_of(held, heading, language, self._pages.path(f"{_HELD}/{held.id}"))


class HeldPage:
    """Shows a message; releases it, blocks its sender, reports it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._held = deps.mail.held
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show the message, or that it is held no more."""
        found = await self._found(request, owner)
        if found.letter is None:
            return self._done(request, owner, found, OVER)
        return self._form(request, owner, found)

    async def act(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Do what a button says."""
        found, form = await self._found(request, owner), await form_of(request)
        decision = DECISIONS.get(form.get("do", [""])[0])
        if decision is None:
            raise NoSuchLink
        try:
            sure = form.get("sure") == ["yes"]
            decided = await self._held.decide(owner.found, found, decision, sure=sure)
        except NotFound:
            raise NoSuchLink from None
        except InvalidInput:
            return self._form(request, owner, found, note="cannot", status=422)
        if decided.outcome is Outcome.DANGEROUS:
            name = found.held.domain
            return self._pages.page(
                "held/danger", request[VIEW], domain=name, csrf=owner.csrf, back=self._back
            )
        return self._done(request, owner, found, said_of(decision, decided, await self._held.now(found)))

    async def _found(self, request: web.Request, owner: SignedIn) -> OpenedMessage:
        found = await self._held.open(owner.account, request.match_info["message"])
        if found is None:
            raise NoSuchLink
        return found

    def _done(self, request: web.Request, owner: SignedIn, found: OpenedMessage, said: Said) -> web.Response:
        return self._pages.page(
            "held/done", request[VIEW], said=said, domain=found.held.domain, csrf=owner.csrf, back=self._back
        )

    def _form(
        self,
        request: web.Request,
        owner: SignedIn,
        found: OpenedMessage,
        *,
        note: str = "",
        status: int = 200,
    ) -> web.Response:
        facts = {**facts_of(found, owner.language), "note": note, "csrf": owner.csrf, "back": self._back}
        return self._pages.page("held/message", request[VIEW], status, **facts)

    @property
    def _back(self) -> str:
        return self._pages.path(_HELD)
