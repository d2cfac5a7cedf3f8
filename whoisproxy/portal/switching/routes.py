"""Switching privacy: one domain, many, and how far it is."""

from whoisproxy.portal.route import Audience, Route
from whoisproxy.portal.switching.many import ManyPrivacyPage
from whoisproxy.portal.switching.one import DomainPrivacyPage
from whoisproxy.portal.switching.progress import OperationPage

_PAGE = "/domains/{domain}/privacy"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/domains/privacy", ManyPrivacyPage, ManyPrivacyPage.show, Audience.OWNER),
    Route("POST", "/domains/privacy", ManyPrivacyPage, ManyPrivacyPage.act, Audience.OWNER),
    Route("GET", _PAGE, DomainPrivacyPage, DomainPrivacyPage.show, Audience.OWNER),
    Route("POST", _PAGE, DomainPrivacyPage, DomainPrivacyPage.act, Audience.OWNER),
    Route("GET", "/operations/{operation}", OperationPage, OperationPage.show, Audience.OWNER),
    Route("GET", "/operations/{operation}/events", OperationPage, OperationPage.events, Audience.OWNER),
)
