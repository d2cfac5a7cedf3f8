"""The page of one held message: a look at it without danger, and what its owner may say about it."""

from aiohttp import web

from mailrelay.checks.explanations import why
from mailrelay.links import Purpose
from mailrelay.queue.entry import State
from mailrelay.rewriting.owner_words import words_for
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.quarantine import Decided, Decision, Outcome, Speaker
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.preview import beginning, safe_frame
from whoisproxy.portal.signed.viewing import path_of, view_at_registrar
from whoisproxy.portal.view import View
from whoisproxy.services.quarantine import OpenedMessage

_DECISIONS = {
    one.value: one
    for one in (
        Decision.RELEASE, Decision.ALLOW_SENDER, Decision.BLOCK_SENDER, Decision.BLOCK_DOMAIN,
        Decision.REPORT, Decision.DISCARD,
    )
}  # fmt: skip
# Of its text, and again of its HTML: the whole page stays below 60 kB.
_MOST_OCTETS = 16_000
_BLOCKED = Said(
    N_("Blocked"),
    N_(
        "The message is thrown away. What this sender writes to %(domain)s does not reach you any more, "
        "without his being told."
    ),
)
_DONE = {
    Decision.RELEASE: Said(N_("It is on its way"), N_("The message is being sent to you.")),
    Decision.ALLOW_SENDER: Said(
        N_("It is on its way"),
        N_("The message is being sent to you, and this sender's mail to %(domain)s is not held any more."),
    ),
    Decision.BLOCK_SENDER: _BLOCKED,
    Decision.BLOCK_DOMAIN: _BLOCKED,
    Decision.REPORT: Said(N_("Reported"), N_("The message is thrown away, and the filter is told.")),
    Decision.DISCARD: Said(N_("Thrown away"), N_("The message is thrown away.")),
}
_UNPROVEN = Said(
    N_("It is on its way"),
    N_(
        "The message is being sent to you. Nothing proved that its sender is who he says: only mail to "
        "%(domain)s that is proven to be his will not be held any more."
    ),
)
_OVER = Said(
    N_("This message is not held any more"),
    N_("It was released or thrown away before. Nothing was changed now."),
)


class HeldPage:
    """Shows a message; releases it, blocks its sender, reports it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show the message, or that it is held no more."""
        found = await self._found(request)
        view = await self._view(request, found)
        return await (self._form(view, found) if found.letter else self._done(view, found, _OVER))

    async def act(self, request: web.Request) -> web.Response:
        """Do what a button says."""
        found, form = await self._found(request), await form_of(request)
        view, decision = await self._view(request, found), _DECISIONS.get(form.get("do", [""])[0])
        if decision is None:
            again = self._form(view, found, status=422) if found.letter else self._done(view, found, _OVER)
            return await again
        try:
            sure = form.get("sure") == ["yes"]
            decided = await self._deps.decisions.decide(found, decision, Speaker.OWNER, sure=sure)
        except InvalidInput:
            return await self._form(view, found, note="cannot", status=422)
        if decided.outcome is Outcome.DANGEROUS:
            return self._pages.page(
                "signed/held_danger", view, domain=found.held.domain, back=await self._back(found)
            )
        return await self._done(view, found, await self._said(found, decision, decided))

    async def _found(self, request: web.Request) -> OpenedMessage:
        now = self._deps.clock()
        message_id = self._deps.links.message_id(request.match_info["token"], now, Purpose.HELD)
        found = await self._deps.quarantine.open(message_id) if message_id else None
        if found is None:
            raise NoSuchLink
        return found

    async def _view(self, request: web.Request, found: OpenedMessage) -> View:
        held = found.registration
        return await view_at_registrar(self._deps, request, held.registrar_id, held.registrant.language)

    async def _said(self, found: OpenedMessage, decision: Decision, decided: Decided) -> Said:
        """Return what the page says; a second click says the same as the first."""
        if decided.outcome is Outcome.DONE:
            return _DONE[decision] if decided.counts else _UNPROVEN
        now = await self._deps.quarantine.find(found.held.id)
        discarded = now is not None and now.held.record.state is State.DISCARDED
        return _DONE[decision] if discarded is not decision.releases else _OVER

    async def _done(self, view: View, found: OpenedMessage, said: Said) -> web.Response:
        back = await self._back(found)
        return self._pages.page("signed/held_done", view, said=said, domain=found.held.domain, back=back)

    async def _form(
        self, view: View, found: OpenedMessage, *, note: str = "", status: int = 200
    ) -> web.Response:
        held, letter, language = found.held, found.letter, view.language
        sender = letter.mailbox if letter else ""
        text = beginning(letter.text, _MOST_OCTETS) if letter else ""
        return self._pages.page(
            "signed/held",
            view,
            status,
            domain=held.domain,
            kind=words_for(language).kind(held.kind),
            dangerous=held.is_dangerous,
            note=note,
            why=why(held.notes, language),
            expires_at=held.expires_at,
            letter=letter,
            text=text,
            cut=bool(letter and (letter.cut or text != letter.text)),
            html=safe_frame(letter.html, language, _MOST_OCTETS) if letter else "",
            proven=found.proven,
            sender=sender,
            sender_domain=sender.rpartition("@")[2],
            back=await self._back(found),
        )

    async def _back(self, found: OpenedMessage) -> str:
        quarantine = await self._deps.quarantine.of_registration(found.registration)
        return path_of(self._deps.links.quarantine(quarantine.id, self._deps.clock()))
