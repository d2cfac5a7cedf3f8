"""The public pages. By a host name of their own a domain's page is `/{domain}` as well."""

from whoisproxy.portal.contact.confirming import ConfirmingPage
from whoisproxy.portal.contact.domain_page import DomainPage
from whoisproxy.portal.contact.progress import ProgressPage
from whoisproxy.portal.contact.start import StartPage
from whoisproxy.portal.route import Audience, Route

ROUTES: tuple[Route, ...] = (
    Route("GET", "/contact", StartPage, StartPage.show, Audience.VISITOR),
    Route("GET", "/contact/confirm/{token}", ConfirmingPage, ConfirmingPage.show, Audience.LINK),
    Route("POST", "/contact/confirm/{token}", ConfirmingPage, ConfirmingPage.act, Audience.LINK),
    Route("GET", "/contact/status/{token}", ProgressPage, ProgressPage.show, Audience.LINK),
    Route("GET", "/contact/{domain}", DomainPage, DomainPage.show, Audience.VISITOR),
    Route("POST", "/contact/{domain}", DomainPage, DomainPage.act, Audience.VISITOR),
    Route("GET", r"/{domain:[^/]+\.[^/]+}", DomainPage, DomainPage.show_at_root, Audience.VISITOR),
    Route("POST", r"/{domain:[^/]+\.[^/]+}", DomainPage, DomainPage.act_at_root, Audience.VISITOR),
)
