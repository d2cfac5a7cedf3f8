"""The page of one answer of a public directory that is kept as evidence, shown as the text that it is."""

from aiohttp import web

from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, name_in
from whoisproxy.portal.domains.words import VERDICTS
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.preview import beginning
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW

# Escaped it may take more; the page stays below 60 kB.
_MOST_OCTETS = 32_000


class EvidencePage:
    """Shows an answer; whatever a server wrote is text, and nothing that a browser acts on."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._domains = deps.owner_domains
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show it."""
        name = name_in(request)
        found = await self._domains.exhibit(owner.account, name, request.match_info["exhibit"])
        if found is None:
            raise NoSuchLink
        whole = _harmless(found.answer.replace("\r\n", "\n"))
        text = beginning(whole, _MOST_OCTETS)
        return self._pages.page(
            "domains/evidence",
            request[VIEW],
            domain="",
            csrf=owner.csrf,
            name=name,
            exhibit=found,
            text=text,
            cut=text != whole,
            verdicts=VERDICTS,
        )


def _harmless(text: str) -> str:
    """Return a text of others without what would turn the direction of writing, or is no character."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text
    )
