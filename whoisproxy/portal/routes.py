"""Every route of the pages, in one table: who may come where, and which page answers.

The application is built from it, and tests take their cases from it: a route that is not here does not exist,
and one that is here is tried with other people's links and sessions.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from whoisproxy.domain.owner_session import Stage
from whoisproxy.portal.appearance_files import AppearanceFiles
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.entry.arriving import ArrivingPage
from whoisproxy.portal.entry.enrolling import CodesPage, NewPasskeyPage
from whoisproxy.portal.entry.proving import ProvingPage
from whoisproxy.portal.entry.security import SecurityPage
from whoisproxy.portal.entry.signed_in import ENROLMENT, PROVE, SECOND_STEP, SIGN_IN
from whoisproxy.portal.entry.signing_in import SignInPage
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.signed.answering import AnswerPage
from whoisproxy.portal.signed.confirming import ConfirmPage
from whoisproxy.portal.signed.digest import DigestPage
from whoisproxy.portal.signed.held import HeldPage
from whoisproxy.portal.signed.held_list import HeldListPage
from whoisproxy.portal.signed.stopping import StopPage
from whoisproxy.portal.static_files import StaticFiles

MakePage = Callable[[PortalDependencies, Pages], Any]
Handler = Callable[..., Awaitable[web.StreamResponse]]


class Audience(StrEnum):
    """Who may come.

    `PUBLIC`: anybody. `LINK`: who has the link, whose token in the path names what it is for, and is proof of
    it; a mailbox's one click comes without anything else (RFC 8058). `ENTRY`: anybody who is on his way in,
    with forms that are our own. `HALF`: who has given a first proof, and is asked for a second. `ENROLLING`:
    who has signed in, or must set a second step up first. `OWNER`: who has signed in.
    """

    PUBLIC = "public"
    LINK = "link"
    ENTRY = "entry"
    HALF = "half"
    ENROLLING = "enrolling"
    OWNER = "owner"

    @property
    def stages(self) -> frozenset[Stage]:
        """How far a sign-in must have come; nothing where there need be none."""
        return _STAGES.get(self, frozenset())


_STAGES = {
    Audience.HALF: frozenset({Stage.SECOND_STEP}),
    Audience.ENROLLING: frozenset({Stage.ENROLMENT, Stage.FULL}),
    Audience.OWNER: frozenset({Stage.FULL}),
}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Attributes:
        path: As aiohttp's router takes it.
        page: Makes what answers; each is made once for an application.
        handler: Method of what `page` makes. It takes the request; where somebody must have begun to sign
            in, also who (`entry.signed_in.SignedIn`).
    """

    method: str
    path: str
    page: MakePage
    handler: Handler
    audience: Audience

    @property
    def writes(self) -> bool:
        """Whether it may change something (RFC 9110 section 9.2.1); GET answers HEAD as well."""
        return self.method != "GET"


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
    Route("GET", "/enter/{token}", ArrivingPage, ArrivingPage.show, Audience.ENTRY),
    Route("POST", "/enter/{token}", ArrivingPage, ArrivingPage.act, Audience.ENTRY),
    Route("GET", SIGN_IN, SignInPage, SignInPage.show, Audience.ENTRY),
    Route("POST", SIGN_IN, SignInPage, SignInPage.act, Audience.ENTRY),
    Route("GET", "/", SignInPage, SignInPage.home, Audience.OWNER),
    Route("GET", SECOND_STEP, ProvingPage, ProvingPage.show, Audience.HALF),
    Route("POST", SECOND_STEP, ProvingPage, ProvingPage.act, Audience.HALF),
    Route("GET", PROVE, ProvingPage, ProvingPage.show, Audience.OWNER),
    Route("POST", PROVE, ProvingPage, ProvingPage.act, Audience.OWNER),
    Route("GET", "/security", SecurityPage, SecurityPage.show, Audience.OWNER),
    Route("POST", "/security", SecurityPage, SecurityPage.act, Audience.OWNER),
    Route("POST", "/security/sessions/others/end", SecurityPage, SecurityPage.end_others, Audience.OWNER),
    Route("POST", "/security/sessions/{id}/end", SecurityPage, SecurityPage.end_session, Audience.OWNER),
    Route("GET", ENROLMENT, CodesPage, CodesPage.show, Audience.ENROLLING),
    Route("POST", ENROLMENT, CodesPage, CodesPage.act, Audience.ENROLLING),
    Route("GET", "/security/passkeys", NewPasskeyPage, NewPasskeyPage.show, Audience.ENROLLING),
    Route("POST", "/security/passkeys", NewPasskeyPage, NewPasskeyPage.act, Audience.ENROLLING),
    Route("POST", "/sign-out", SignInPage, SignInPage.leave, Audience.ENROLLING),
    Route("POST", "/second-step/stop", SignInPage, SignInPage.leave, Audience.HALF),
    Route("GET", "/static/{name}", StaticFiles, StaticFiles.show, Audience.PUBLIC),
    Route("GET", "/look/{registrar}/style.css", AppearanceFiles, AppearanceFiles.style, Audience.PUBLIC),
    Route("GET", "/look/{registrar}/logo", AppearanceFiles, AppearanceFiles.logo, Audience.PUBLIC),
)
