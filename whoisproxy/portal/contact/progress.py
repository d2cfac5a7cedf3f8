"""How far a confirmed message has come, for who has its secret link; of the owner it tells nothing."""

from aiohttp import web

from whoisproxy.domain.contact_form import Progress
from whoisproxy.domain.names import DomainName
from whoisproxy.i18n import N_
from whoisproxy.portal.contact.domain_page import KINDS
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.messages import Said
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.view import VIEW

TOLD = {
    Progress.RECEIVED: Said(
        N_("Received"),
        N_(
            "Your message is with us. If this way leads to an owner and he takes it, it is passed on. You "
            "are not told if there is none, if a filter has set it aside, or if he does not want it."
        ),
    ),
    Progress.DELIVERED: Said(
        N_("Delivered"),
        N_("The owner's mail server has taken your message. Whether he has read it, nobody can tell."),
    ),
    Progress.ANSWERED: Said(
        N_("Answered"), N_("The owner has answered. The answer was sent to your address by email.")
    ),
}


class ProgressPage:
    """Shows it."""

    def __init__(self, deps: PortalDependencies, pages: Pages) -> None:
        self._form = deps.contact.form
        self._pages = pages

    async def show(self, request: web.Request) -> web.Response:
        """Show it."""
        found = await self._form.status(request.match_info["token"])
        if found is None:
            raise NoSuchLink
        submission, steps = found.submission, list(Progress)
        return self._pages.page(
            "contact/progress",
            request[VIEW],
            domain="",
            name=DomainName(submission.domain),
            kind=KINDS[submission.kind],
            at=submission.confirmed_at,
            until=submission.expires_at,
            steps=[TOLD[step] for step in steps],
            reached=steps.index(found.progress),
        )
