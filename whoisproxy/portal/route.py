"""One route of the pages: who may come where, and which page answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from whoisproxy.domain.owner_session import Stage
from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.rendering import Pages

MakePage = Callable[[PortalDependencies, Pages], Any]
Handler = Callable[..., Awaitable[web.StreamResponse]]


class Audience(StrEnum):
    """Who may come.

    `PUBLIC`: anybody. `LINK`: who has the link, whose token in the path names what it is for, and is proof of
    it; a mailbox's one click comes without anything else (RFC 8058). `VISITOR`: anybody, of whom nothing is
    known or kept; his forms are our own as far as his browser says so. `ENTRY`: anybody who is on his way in,
    with forms that are our own. `HALF`: who has given a first proof, and is asked for a second. `ENROLLING`:
    who has signed in, or must set a second step up first. `OWNER`: who has signed in.
    """

    PUBLIC = "public"
    LINK = "link"
    VISITOR = "visitor"
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
        counted: Whether a request counts against the limit of its network. What pages are made of does not: a
            page asks for several files, browsers keep them, and to refuse one costs more than to send it.
    """

    method: str
    path: str
    page: MakePage
    handler: Handler
    audience: Audience
    counted: bool = True

    @property
    def writes(self) -> bool:
        """Whether it may change something (RFC 9110 section 9.2.1); GET answers HEAD as well."""
        return self.method != "GET"
