"""The page of all mail that is held for an owner."""

from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from mailrelay.checks.explanations import why
from mailrelay.links import Purpose
from mailrelay.rewriting.owner_words import words_for
from whoisproxy.domain.quarantine import HeldMessage
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.preview import beginning
from whoisproxy.portal.signed.viewing import path_of, view_at_registrar

_ON_A_PAGE = 25
_KILO = 1024
# A page of them stays below 60 kB, whatever strangers wrote.
_SENDER_OCTETS, _SUBJECT_OCTETS = 300, 400


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A held message as an entry of the list; `size` is in kB."""

    domain: str
    kind: str
    dangerous: bool
    sender: str = field(repr=False)
    subject: str = field(repr=False)
    received_at: datetime
    size: int
    why: str
    link: str = field(repr=False)


class HeldListPage:
    """Lists what is held, a page at a time; what is decided is decided at the links of the messages."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show the list."""
        now = self._deps.clock()
        quarantine_id = self._deps.links.quarantine_id(Purpose.QUARANTINE, request.match_info["token"], now)
        found = await self._deps.quarantine.of_owner(quarantine_id) if quarantine_id else None
        if found is None:
            raise NoSuchLink
        registrar_id = found.quarantine.registrar_id
        view = await view_at_registrar(self._deps, request, registrar_id, found.language)
        last = max(0, len(found.messages) - 1) // _ON_A_PAGE
        page = min(_page(request), last)
        start = page * _ON_A_PAGE
        shown = found.messages[start : start + _ON_A_PAGE]
        return self._pages.page(
            "signed/held_list",
            view,
            domain="",
            messages=[await self._line(one, view.language) for one in shown],
            first=start + 1,
            earlier=page or 0,
            later=page + 2 if page < last else 0,
            settings_link=path_of(self._deps.links.digest(found.quarantine.id, now)),
        )

    async def _line(self, held: HeldMessage, language: str) -> HeldLine:
        sender, subject = await self._deps.quarantine.heading(held)
        return HeldLine(
            domain=held.domain,
            kind=words_for(language).kind(held.kind),
            dangerous=held.is_dangerous,
            sender=beginning(sender, _SENDER_OCTETS),
            subject=beginning(subject, _SUBJECT_OCTETS),
            received_at=held.record.received_at,
            size=-(-held.record.size_octets // _KILO),
            why=" ".join(why(held.notes, language, most=2)),
            link=path_of(self._deps.links.held(held.id, self._deps.clock())),
        )


def _page(request: web.Request) -> int:
    """Return which page is asked for, from 0."""
    number = request.query.get("page", "1")
    return max(0, int(number) - 1) if number.isascii() and number.isdigit() and len(number) < 5 else 0  # noqa: PLR2004 - no list is so long
