"""The page of a domain: what the proxy is, how to reach the owner, where to complain.

It is made of the configuration alone, and is the same for every domain name but for the name: nothing here
looks up whether a domain is held.
"""

from aiohttp import web

from whoisproxy.domain.contact_form import Kind, TooMany, Written
from whoisproxy.domain.names import DomainName
from whoisproxy.i18n import N_
from whoisproxy.portal.contact.filling import TRAP, Checked, checked
from whoisproxy.portal.contact.reading import FormReader
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies, name_in
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW
from whoisproxy.request_limits import client_address

KINDS = {
    Kind.BUY: N_("I would like to buy the domain"),
    Kind.LEGAL: N_("Legal notice, such as infringement of rights"),
    Kind.ABUSE: N_("Abuse report: spam, phishing, malware"),
    Kind.TECHNICAL: N_("Technical problem"),
    Kind.OTHER: N_("Something else"),
}
SENT = Said(
    N_("Check your email"),
    N_(
        "Your message is kept, and an email with a link to confirm it is on its way to you. It is passed on "
        "once you have confirmed it, and thrown away if you do not within %(hours)s hours."
    ),
)
TOO_MANY = N_(
    "Too many messages were written from here or to this owner. Please try again in an hour, or write "
    "by email."
)
_EMPTY = Checked("", "", None, "", {})


class DomainPage:
    """Shows the page; takes its form."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._desk = deps.contact
        self._pages = pages
        self._reader = FormReader(self._desk.form.limits)

    async def show(self, request: web.Request) -> web.Response:
        """Show it."""
        return self._page(request, name_in(request), _EMPTY)

    async def show_at_root(self, request: web.Request) -> web.Response:
        """Show it on the host name that is for this alone."""
        self._demand_own_host(request)
        return await self.show(request)

    async def act_at_root(self, request: web.Request) -> web.Response:
        """Take the form there."""
        self._demand_own_host(request)
        return await self.act(request)

    async def act(self, request: web.Request) -> web.Response:
        """Take what was filled in, and say the same whatever becomes of it."""
        name, filled = name_in(request), await self._reader.read(request)
        found = checked(filled, self._desk.relay_domain)
        if found.errors or found.kind is None:
            return self._page(request, name, found, status=422)
        if not filled.fields.get(TRAP):
            written = Written(
                domain=name.a_label,
                kind=found.kind,
                name=found.name,
                mailbox=found.mailbox,
                text=found.text,
                language=request[VIEW].language,
                address=client_address(request.remote, request.headers),
                attachments=tuple(filled.files),
            )
            try:
                await self._desk.form.submit(written, filled.fields.get("work", ""))
            except TooMany:
                return self._page(request, name, found, status=429, note=TOO_MANY)
        hours = str(self._desk.form.hours_to_confirm)
        return self._pages.message(SENT, request[VIEW], hours=hours)

    def _demand_own_host(self, request: web.Request) -> None:
        if request.host.lower() != self._desk.pages.own_host:
            raise NoSuchLink

    def _page(
        self, request: web.Request, name: DomainName, found: Checked, *, status: int = 200, note: str = ""
    ) -> web.Response:
        desk = self._desk
        return self._pages.page(
            "contact/domain",
            request[VIEW],
            status,
            scripts=("contact.js",),
            domain="",
            name=name,
            found=found,
            note=note,
            kinds=KINDS,
            trap=TRAP,
            limits=desk.form.limits,
            most_mib=f"{round(desk.form.limits.attachments_octets / 2**20, 1):g}",
            challenge=desk.form.challenge(name.a_label),
            brand=desk.brand,
            relay_domain=desk.relay_domain,
            rdap_url=desk.rdap_url,
        )
