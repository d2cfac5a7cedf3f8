"""The page of one held message: a look at it without danger, and what its owner may say about it."""

from aiohttp import web

from mailrelay.checks.explanations import why
from mailrelay.links import Purpose
from mailrelay.queue.entry import State
from mailrelay.rewriting.owner_words import words_for
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.quarantine import Decided, Decision, Outcome, Speaker
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.preview import safe_frame
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.texts import known
from whoisproxy.services.quarantine import OpenedMessage

_DECISIONS = {
    one.value: one
    for one in (
        Decision.RELEASE, Decision.ALLOW_SENDER, Decision.BLOCK_SENDER, Decision.BLOCK_DOMAIN,
        Decision.REPORT, Decision.DISCARD,
    )
}  # fmt: skip
_DONE = {
    Decision.RELEASE: "held_done_release",
    Decision.ALLOW_SENDER: "held_done_allow",
    Decision.BLOCK_SENDER: "held_done_block",
    Decision.BLOCK_DOMAIN: "held_done_block",
    Decision.REPORT: "held_done_report",
    Decision.DISCARD: "held_done_discard",
}
_UNPROVEN, _OVER = "held_done_allow_unproven", "held_over"


class HeldPage:
    """Shows a message; releases it, blocks its sender, reports it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show the message, or that it is held no more."""
        found = await self._found(request)
        return await self._form(found) if found.letter else await self._done(found, _OVER)

    async def act(self, request: web.Request) -> web.Response:
        """Do what a button says."""
        found, form = await self._found(request), await form_of(request)
        decision = _DECISIONS.get(form.get("do", [""])[0])
        if decision is None:
            return await self._form(found, status=422) if found.letter else await self._done(found, _OVER)
        try:
            sure = form.get("sure") == ["yes"]
            decided = await self._deps.decisions.decide(found, decision, Speaker.OWNER, sure=sure)
        except InvalidInput:
            return await self._form(found, note="cannot", status=422)
        if decided.outcome is Outcome.DANGEROUS:
            return self._pages.page(
                "held_danger", _language(found), domain=found.held.domain, back=await self._back(found)
            )
        return await self._done(found, await self._said(found, decision, decided))

    async def _found(self, request: web.Request) -> OpenedMessage:
        now = self._deps.clock()
        message_id = self._deps.links.message_id(request.match_info["token"], now, Purpose.HELD)
        found = await self._deps.quarantine.open(message_id) if message_id else None
        if found is None:
            raise NoSuchLink
        return found

    async def _said(self, found: OpenedMessage, decision: Decision, decided: Decided) -> str:
        """Return the name of what the page says; a second click says the same as the first."""
        if decided.outcome is Outcome.DONE:
            return _DONE[decision] if decided.counts else _UNPROVEN
        now = await self._deps.quarantine.find(found.held.id)
        discarded = now is not None and now.held.record.state is State.DISCARDED
        return _DONE[decision] if discarded is not decision.releases else _OVER

    async def _done(self, found: OpenedMessage, name: str) -> web.Response:
        back = await self._back(found)
        return self._pages.page("held_done", _language(found), name=name, domain=found.held.domain, back=back)

    async def _form(self, found: OpenedMessage, *, note: str = "", status: int = 200) -> web.Response:
        held, letter, language = found.held, found.letter, _language(found)
        sender = letter.mailbox if letter else ""
        return self._pages.page(
            "held",
            language,
            status,
            domain=held.domain,
            kind=words_for(language).kind(held.kind),
            dangerous=held.is_dangerous,
            note=note,
            why=why(held.notes, language),
            until=f"{held.expires_at:%Y-%m-%d}",
            letter=letter,
            html=safe_frame(letter.html, language) if letter else "",
            proven=found.proven,
            sender=sender,
            sender_domain=sender.rpartition("@")[2],
            back=await self._back(found),
        )

    async def _back(self, found: OpenedMessage) -> str:
        quarantine = await self._deps.quarantine.of_registration(found.registration)
        return self._deps.links.quarantine(quarantine.id, self._deps.clock())


def _language(found: OpenedMessage) -> str:
    return known(found.registration.registrant.language)
