"""The page to answer a correspondent in the browser."""

import re
from dataclasses import replace

from aiohttp import web

from mailrelay.links import Purpose
from mailrelay.rewriting.owner_words import words_for
from whoisproxy.portal.dependencies import (
    NoSuchLink,
    PortalDependencies,
    form_of,
    named,
    shown_hits,
    ticked_in,
    words_of,
)
from whoisproxy.portal.preview import preview_of
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.viewing import view_of_domain
from whoisproxy.portal.view import View
from whoisproxy.services.owners.answers import Desk, Draft, Review

_NOTHING = Review(None)
_UNTICKED: frozenset[int] = frozenset()


_ONCE = re.compile(r"[0-9a-f]{32}")


class AnswerPage:
    """Shows a form; shows or sends what was written."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show the form."""
        desk = await self._desk(request)
        began = desk.route.opening.subject
        subject = began if not began or began.lower().startswith("re:") else f"Re: {began}"
        note = "sent" if "sent" in request.query else ""
        return self._form(await self._view(request, desk), desk, Draft(subject, ""), note=note)

    async def act(self, request: web.Request) -> web.Response:
        """Show what would be sent, or send it."""
        desk, form = await self._desk(request), await form_of(request)
        view, draft = await self._view(request, desk), _draft(form)
        if not draft.text.strip():
            return self._form(view, desk, draft, note="empty", status=422)
        review, ticked = await self._deps.answers.look_at(desk, draft), ticked_in(form)
        words = words_of(review.hits, ticked)
        if form.get("do") != ["send"]:
            return self._form(view, desk, draft, review, ticked)
        if review.message is None or len(words) < len(review.hits):
            return self._form(view, desk, draft, review, ticked, status=422)
        await self._deps.answers.send(desk, draft, words)
        # Whoever loads the page again sends nothing again.
        raise web.HTTPSeeOther("?sent")

    async def _desk(self, request: web.Request) -> Desk:
        now = self._deps.clock()
        token = request.match_info["token"]
        local_part = self._deps.links.reply_local_part(Purpose.ANSWER, token, now)
        desk = await self._deps.answers.desk(local_part) if local_part else None
        if desk is None:
            raise NoSuchLink
        return desk

    async def _view(self, request: web.Request, desk: Desk) -> View:
        return await view_of_domain(self._deps, request, desk.route.domain, desk.owner.language)

    def _form(  # noqa: PLR0913 - what the page shows
        self,
        view: View,
        desk: Desk,
        draft: Draft,
        review: Review = _NOTHING,
        ticked: frozenset[int] = _UNTICKED,
        *,
        note: str = "",
        status: int = 200,
    ) -> web.Response:
        language = view.language
        return self._pages.page(
            "signed/answer",
            view,
            status,
            domain=desk.route.domain,
            correspondent=named(desk.route.opening),
            draft=draft,
            note=note,
            hits=shown_hits(review.hits, ticked, language),
            cannot=words_for(language).reason(review.reason) if review.reason and not review.message else "",
            preview=preview_of(review.message, language) if review.message else None,
        )


def _draft(form: dict[str, list[str]]) -> Draft:
    subject, text, once = (form.get(name, [""])[0] for name in ("subject", "text", "once"))
    draft = Draft(subject, text, "new" in form)
    return replace(draft, once=once) if _ONCE.fullmatch(once) else draft
