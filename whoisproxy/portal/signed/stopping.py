"""The page that blocks a correspondent, and the one-click unsubscribing of mailboxes (RFC 8058)."""

from aiohttp import web

from mailrelay.links import Purpose
from whoisproxy.domain.names import DomainName
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, form_of, named
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.viewing import view_of_domain
from whoisproxy.services.correspondence import Addressee

_STOPPED = Said(
    N_("Blocked"),
    N_(
        "Mail from %(correspondent)s to %(domain)s does not reach you any more. You can undo "
        "this under “Senders” on your pages, and your registrar can."
    ),
)
_REPORTED = Said(
    N_("Blocked and reported"),
    N_(
        "Mail from %(correspondent)s to %(domain)s does not reach you any more. What was held of it is "
        "thrown away, and the filter is told."
    ),
)
_UNLEARNED = Said(
    N_("Blocked"),
    N_(
        "Mail from %(correspondent)s to %(domain)s does not reach you any more. The filter could learn "
        "nothing: the relay keeps no mail that it has delivered."
    ),
)


class StopPage:
    """Asks, and blocks."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._deps = deps
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Ask; mail scanners come here too."""
        found = await self._deps.correspondence.addressee(self._local_part(request), self._deps.relay_domain)
        if found is None:
            raise NoSuchLink
        view = await view_of_domain(self._deps, request, found.domain, found.language)
        return self._pages.page("signed/stop", view, domain=found.domain, correspondent=named(found.opening))

    async def act(self, request: web.Request) -> web.Response:
        """Block; a mailbox's POST of `List-Unsubscribe=One-Click` and that of the page do the same."""
        found = await self._deps.correspondence.stop(self._local_part(request), self._deps.relay_domain)
        if found is None:
            raise NoSuchLink
        said = _STOPPED
        if (await form_of(request)).get("do") == ["report"]:
            said = await self._reported(found)
        view = await view_of_domain(self._deps, request, found.domain, found.language)
        return self._pages.message(
            said,
            view,
            domain=found.domain,
            correspondent=named(found.opening),
        )

    async def _reported(self, found: Addressee) -> Said:
        """Report what is held of the correspondent; what was delivered is not kept, and teaches nothing."""
        domain, correspondent = DomainName.parse(found.domain), found.opening.correspondent
        count = await self._deps.decisions.report_all_of(domain, correspondent)
        return _REPORTED if count else _UNLEARNED

    def _local_part(self, request: web.Request) -> str:
        token = request.match_info["token"]
        local_part = self._deps.links.reply_local_part(Purpose.STOP, token, self._deps.clock())
        if local_part is None:
            raise NoSuchLink
        return local_part
