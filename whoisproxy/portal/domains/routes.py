"""The list of an owner's domains, and what is known of each."""

from whoisproxy.portal.domains.domain import DomainPage
from whoisproxy.portal.domains.domain_list import DomainListPage
from whoisproxy.portal.domains.evidence import EvidencePage
from whoisproxy.portal.route import Audience, Route

ROUTES: tuple[Route, ...] = (
    Route("GET", "/domains", DomainListPage, DomainListPage.show, Audience.OWNER),
    Route("GET", "/domains/{domain}", DomainPage, DomainPage.show, Audience.OWNER),
    Route("GET", "/domains/{domain}/evidence/{exhibit}", EvidencePage, EvidencePage.show, Audience.OWNER),
)
