"""The ways in, and what an owner signs in with."""

from whoisproxy.portal.entry.arriving import ArrivingPage
from whoisproxy.portal.entry.enrolling import CodesPage, NewPasskeyPage
from whoisproxy.portal.entry.proving import ProvingPage
from whoisproxy.portal.entry.security import SecurityPage
from whoisproxy.portal.entry.signed_in import ENROLMENT, PROVE, SECOND_STEP, SIGN_IN
from whoisproxy.portal.entry.signing_in import SignInPage
from whoisproxy.portal.route import Audience, Route

ROUTES: tuple[Route, ...] = (
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
)
