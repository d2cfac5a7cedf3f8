"""The page of how much mail came and what became of it: a chart, and the same as a table."""

from aiohttp import web

from whoisproxy.domain.mail_log import Bar
from whoisproxy.i18n import N_
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.entry.signed_in import SignedIn
from whoisproxy.portal.mail.chart import HEIGHT, LEFT, RIGHT, WIDTH, chart_of
from whoisproxy.portal.mail.log import domain_in
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.services.owners.mail_log import Period

PERIODS = {Period.MONTH: N_("The last 30 days"), Period.YEAR: N_("The last 12 months")}


class ChartsPage:
    """Draws strangers' mail over time; all pictures are made here."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._log = deps.mail.log
        self._pages = pages

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show a chart of a period, of all of the owner's domains or of one."""
        asked, name = request.query.get("period", ""), domain_in(request)
        period = Period(asked) if asked in PERIODS else Period.MONTH
        bars = await self._log.chart(owner.account, name, period)
        return self._pages.page(
            "mail/charts",
            request[VIEW],
            domain="",
            csrf=owner.csrf,
            period=period,
            periods=PERIODS,
            name=name,
            bars=bars,
            whole=_whole(bars),
            chart=chart_of(bars),
            size=(WIDTH, HEIGHT),
            ends=(LEFT, RIGHT),
            monthly=period is Period.YEAR,
        )


def _whole(bars: tuple[Bar, ...]) -> Bar:
    """Return the sum of bars."""
    return Bar(
        bars[0].begins,
        sum(one.relayed for one in bars),
        sum(one.blocked for one in bars),
        sum(one.other for one in bars),
    )
