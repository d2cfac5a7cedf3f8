"""The page on which an owner decides on an answer that was held."""

from aiohttp import web

from mailrelay.rewriting.owner_words import words_for
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import (
    NoSuchLink,
    PortalDependencies,
    form_of,
    shown_hits,
    ticked_in,
    words_of,
)
from whoisproxy.portal.messages import Said
from whoisproxy.portal.preview import preview_of
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.viewing import view_of_domain
from whoisproxy.portal.view import View
from whoisproxy.services.owners.answers import HeldAnswer

_UNTICKED: frozenset[int] = frozenset()
_RELEASED = Said(N_("The answer is on its way"), N_("The answer is being sent."))
_DISCARDED = Said(N_("It is thrown away"), N_("Nothing was sent."))


class ConfirmPage:
    """Shows what would be sent and why it was held; sends or discards it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show what would be sent."""
        held = await self._held(request)
        return self._form(await self._view(request, held), held)

    async def act(self, request: web.Request) -> web.Response:
        """Send it, or throw it away."""
        held, form = await self._held(request), await form_of(request)
        view = await self._view(request, held)
        if form.get("do") == ["discard"]:
            self._demand(await self._deps.answers.discard(held))
            return self._pages.message(_DISCARDED, view, domain=held.domain)
        ticked = ticked_in(form)
        words = words_of(held.review.hits, ticked)
        if form.get("do") != ["send"] or held.review.message is None:
            return self._form(view, held, ticked, status=422)
        if not await self._deps.answers.may_leave(held, words):
            return self._form(view, held, ticked, unticked=True, status=422)
        self._demand(await self._deps.answers.release(held, words))
        return self._pages.message(_RELEASED, view, domain=held.domain)

    async def _held(self, request: web.Request) -> HeldAnswer:
        message_id = self._deps.links.message_id(request.match_info["token"], self._deps.clock())
        held = await self._deps.answers.held(message_id) if message_id else None
        if held is None:
            raise NoSuchLink
        return held

    async def _view(self, request: web.Request, held: HeldAnswer) -> View:
        return await view_of_domain(self._deps, request, held.domain, held.owner.language)

    def _demand(self, done: bool) -> None:  # noqa: FBT001 - what the call before says
        if not done:
            raise NoSuchLink

    def _form(
        self,
        view: View,
        held: HeldAnswer,
        ticked: frozenset[int] = _UNTICKED,
        *,
        unticked: bool = False,
        status: int = 200,
    ) -> web.Response:
        language, review = view.language, held.review
        words = words_for(language)
        return self._pages.page(
            "signed/confirm",
            view,
            status,
            domain=held.domain,
            why=words.reason(held.reason),
            unticked=unticked,
            hits=shown_hits(review.hits, ticked, language),
            cannot=words.reason(review.reason) if review.message is None else "",
            preview=preview_of(review.message, language) if review.message else None,
        )
