"""The pages behind links in letters."""

from whoisproxy.portal.route import Audience, Route
from whoisproxy.portal.signed.answering import AnswerPage
from whoisproxy.portal.signed.confirming import ConfirmPage
from whoisproxy.portal.signed.digest import DigestPage
from whoisproxy.portal.signed.held import HeldPage
from whoisproxy.portal.signed.held_list import HeldListPage
from whoisproxy.portal.signed.stopping import StopPage

ROUTES: tuple[Route, ...] = (
    Route("GET", "/a/{token}", AnswerPage, AnswerPage.show, Audience.LINK),
    Route("POST", "/a/{token}", AnswerPage, AnswerPage.act, Audience.LINK),
    Route("GET", "/c/{token}", ConfirmPage, ConfirmPage.show, Audience.LINK),
    Route("POST", "/c/{token}", ConfirmPage, ConfirmPage.act, Audience.LINK),
    Route("GET", "/s/{token}", StopPage, StopPage.show, Audience.LINK),
    Route("POST", "/s/{token}", StopPage, StopPage.act, Audience.LINK),
    Route("GET", "/m/{token}", HeldPage, HeldPage.show, Audience.LINK),
    Route("POST", "/m/{token}", HeldPage, HeldPage.act, Audience.LINK),
    Route("GET", "/d/{token}", DigestPage, DigestPage.show, Audience.LINK),
    Route("POST", "/d/{token}", DigestPage, DigestPage.act, Audience.LINK),
    Route("GET", "/q/{token}", HeldListPage, HeldListPage.show, Audience.LINK),
)
