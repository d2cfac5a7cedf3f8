"""The page on which an owner comes in: his domains with how each stands, a page at a time."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from aiohttp import web

from whoisproxy.domain.names import unicode_of
from whoisproxy.domain.owner_domains import Glance
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.domains.words import GLANCES, TURNS
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.domains import DomainPage, Wish

_LONGEST_TEXT = 253
_MOST_DIGITS = 5
# A page stays below 60 kB; further endings are found by typing them.
_MOST_SUFFIXES = 40


@dataclass(frozen=True, slots=True)
class Ending:
    """A public suffix to choose, with how many domains it has; `name` is the form for people."""

    suffix: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A state to choose, with how many domains it has; `href` leads to them."""

    glance: Glance | None
    count: int
    href: str


class DomainListPage:
    """Lists; what is switched is switched on other pages."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._domains = deps.owner_domains
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show a page of the list."""
        wish = _wish(request)
        found = await self._domains.page(owner.account, wish)
        here = replace(wish, page=found.page)
        return self._pages.page(
            "domains/list",
            request[VIEW],
            scripts=("tick.js",),
            domain="",
            csrf=owner.csrf,
            wish=wish,
            found=found,
            choices=_choices(found, here),
            endings=_endings(found, wish),
            earlier=_href(replace(here, page=found.page - 1)) if found.page else "",
            later=_href(replace(here, page=found.page + 1)) if found.page + 1 < found.pages else "",
            glances=GLANCES,
            words=TURNS,
        )


def _wish(request: web.Request) -> Wish:
    """Return what is asked for; what is not understood asks for nothing."""
    asked = request.query
    state, page = asked.get("state", ""), asked.get("page", "")
    numbered = page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS
    return Wish(
        text=asked.get("q", "").strip()[:_LONGEST_TEXT],
        glance=Glance(state) if state in set(Glance) else None,
        suffix=asked.get("tld", "")[:_LONGEST_TEXT],
        page=max(0, int(page) - 1) if numbered else 0,
    )


def _href(wish: Wish) -> str:
    """Return the query of a list."""
    named = {"q": wish.text, "state": wish.glance or "", "tld": wish.suffix}
    page = {"page": wish.page + 1} if wish.page else {}
    return "?" + urlencode({name: value for name, value in named.items() if value} | page)


def _choices(found: DomainPage, wish: Wish) -> list[Choice]:
    everything = Choice(None, sum(found.by_glance.values()), _href(replace(wish, glance=None, page=0)))
    return [everything] + [
        Choice(one, found.by_glance.get(one, 0), _href(replace(wish, glance=one, page=0)))
        for one in Glance
        if found.by_glance.get(one) or one is wish.glance
    ]


def _endings(found: DomainPage, wish: Wish) -> list[Ending]:
    """Return the endings with the most domains, by name; the one that is chosen is among them."""
    frequent = sorted(found.by_suffix, key=lambda suffix: (-found.by_suffix[suffix], suffix))
    offered = {*frequent[:_MOST_SUFFIXES], *filter(None, [wish.suffix])}
    named = [Ending(one, _people(one), found.by_suffix.get(one, 0)) for one in offered]
    return sorted(named, key=lambda ending: ending.name)


def _people(suffix: str) -> str:
    try:
        return unicode_of(suffix)
    except UnicodeError:
        # One that only a request has named.
        return suffix
