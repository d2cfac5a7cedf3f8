"""The pages of an owner's account."""

from whoisproxy.portal.account.access import AccessPage
from whoisproxy.portal.account.closing import ClosingPage
from whoisproxy.portal.account.correcting import CorrectingPage, CorrectionsPage
from whoisproxy.portal.account.exporting import ExportsPage
from whoisproxy.portal.account.held import HeldPage
from whoisproxy.portal.account.preferences import PreferencesPage
from whoisproxy.portal.account.visiting import ACCESS, CLOSING, CORRECTIONS, EXPORTS, HELD, PREFERENCES
from whoisproxy.portal.route import Audience, Route

_FORM = "/account/registrants/{registrant}/correction"

ROUTES: tuple[Route, ...] = (
    Route("GET", HELD, HeldPage, HeldPage.show, Audience.OWNER),
    Route("GET", _FORM, CorrectingPage, CorrectingPage.show, Audience.OWNER),
    Route("POST", _FORM, CorrectingPage, CorrectingPage.act, Audience.OWNER),
    Route("GET", CORRECTIONS, CorrectionsPage, CorrectionsPage.show, Audience.OWNER),
    Route(
        "POST",
        f"{CORRECTIONS}/{{correction}}/withdraw",
        CorrectionsPage,
        CorrectionsPage.withdraw,
        Audience.OWNER,
    ),
    Route("GET", PREFERENCES, PreferencesPage, PreferencesPage.show, Audience.OWNER),
    Route("POST", PREFERENCES, PreferencesPage, PreferencesPage.act, Audience.OWNER),
    Route("GET", ACCESS, AccessPage, AccessPage.show, Audience.OWNER),
    Route("GET", EXPORTS, ExportsPage, ExportsPage.show, Audience.OWNER),
    Route("POST", EXPORTS, ExportsPage, ExportsPage.act, Audience.OWNER),
    Route("GET", f"{EXPORTS}/{{export}}", ExportsPage, ExportsPage.fetch, Audience.OWNER),
    Route("GET", CLOSING, ClosingPage, ClosingPage.show, Audience.OWNER),
    Route("POST", CLOSING, ClosingPage, ClosingPage.act, Audience.OWNER),
)
