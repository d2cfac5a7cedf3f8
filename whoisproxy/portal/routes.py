"""Every route of the pages, in one table: who may come where, and which page answers.

The application is built from it, and tests take their cases from it: a route that is not here does not exist,
and one that is here is tried with other people's links and sessions.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from whoisproxy.portal.appearance_files import AppearanceFiles
from whoisproxy.portal.dependencies import PortalDependencies
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
    it; a mailbox's one click comes without anything else (RFC 8058). `OWNER`: who has signed in.
    """

    PUBLIC = "public"
    LINK = "link"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Attributes:
        path: As aiohttp's router takes it.
        page: Makes what answers; each is made once for an application.
        handler: Method of what `page` makes. It takes the request; that of `OWNER` also who has signed in.
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
    Route("GET", "/static/{name}", StaticFiles, StaticFiles.show, Audience.PUBLIC),
    Route("GET", "/look/{registrar}/style.css", AppearanceFiles, AppearanceFiles.style, Audience.PUBLIC),
    Route("GET", "/look/{registrar}/logo", AppearanceFiles, AppearanceFiles.logo, Audience.PUBLIC),
)
