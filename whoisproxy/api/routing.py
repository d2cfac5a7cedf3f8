"""The shape of a route: what the dispatcher enforces and what the OpenAPI document says, in one place.

A handler gets a `Call` whose query and body are checked already and gives an `Answer`. A status that
the route does not name cannot leave, so document and behaviour do not drift.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel

from whoisproxy.api.dependencies import ApiDependencies
from whoisproxy.api.idempotency import Idempotency
from whoisproxy.api.models.common import AnswerModel, NoQuery, Nothing
from whoisproxy.api.problems import KINDS
from whoisproxy.domain.account import ApiKey, Registrar, Scope

BodyT = TypeVar("BodyT", bound=BaseModel)
QueryT = TypeVar("QueryT", bound=BaseModel)

REQUEST_ID = web.RequestKey("request_id", str)

_PARAMETER = re.compile(r"{(\w+)}")


class Tag(StrEnum):
    """Groups of routes, in the order of the human page."""

    DOMAINS = "Domains"
    PRIVACY = "Privacy"
    DISCLOSURES = "Disclosures"
    CORRECTIONS = "Corrections"
    MESSAGES = "Messages"
    OPERATIONS = "Operations"
    REGISTRY_MESSAGES = "Registry messages"
    REGISTRY_TASKS = "Registry tasks"
    TLDS = "TLDs"
    EVENTS = "Events"
    PAGES = "Pages"
    WEBHOOKS = "Webhooks"
    HEALTH = "Health"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    registrar: Registrar
    key: ApiKey


@dataclass(frozen=True, slots=True)
class Call(Generic[QueryT, BodyT]):
    """One checked request.

    Attributes:
        caller: None on a route that needs no key.
        path: The path's parameters, percent-decoded.
        idempotency: For handlers of lines, which are carried out once each.
        stopping: Set when the service stops: who waits for something shall answer now.
    """

    deps: ApiDependencies
    idempotency: Idempotency
    stopping: asyncio.Event
    caller: Caller | None
    request: web.Request
    path: Mapping[str, str]
    query: QueryT
    body: BodyT

    @property
    def request_id(self) -> str:
        """The UUID that names this request."""
        return self.request[REQUEST_ID]

    @property
    def registrar(self) -> Registrar:
        """The tenant that everything is asked for."""
        if self.caller is None:
            raise LookupError("this route needs no key and so has no caller")
        return self.caller.registrar

    async def note_reads(self, registrant_ids: Iterable[str]) -> None:
        """Write down that the caller's key reads registrants, before the answer that shows them leaves."""
        if self.caller is not None:
            await self.deps.reads.note(self.caller.key.id, registrant_ids)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back.

    Attributes:
        etag: Strong entity tag, quoted; "" for none.
        location: Where to go on, for 201 and 202; "" for none.
    """

    status: int
    model: AnswerModel | None = None
    etag: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One successful answer of a route, for dispatcher and document.

    Attributes:
        model: None for an empty body.
    """

    description: str
    model: type[AnswerModel] | None = None
    headers: tuple[str, ...] = ()
    media_type: str = "application/json"


Handler = Callable[[Call[QueryT, BodyT]], Awaitable[Answer | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route(Generic[QueryT, BodyT]):
    """One method of one resource.

    Attributes:
        scope: None where no API key is needed.
        problems: Codes of this route beyond those that every route of its kind has.
        conditional: `read` answers 304 to If-None-Match, `write` honours If-Match.
        line: Shape of one line of an NDJSON body; such a handler reads and answers by itself.
        body_optional: A request without a body is one with an empty object.
    """

    method: str
    path: str
    tag: Tag
    scope: Scope | None
    summary: str
    handler: Handler[QueryT, BodyT]
    replies: Mapping[int, Reply]
    description: str = ""
    problems: tuple[str, ...] = ()
    body: type[BodyT] = Nothing  # type: ignore[assignment]
    query: type[QueryT] = NoQuery  # type: ignore[assignment]
    conditional: Literal["", "read", "write"] = ""
    line: type[BaseModel] | None = None
    body_optional: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the path's parameters."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def takes_body(self) -> bool:
        """Whether a JSON body is expected."""
        return self.body is not Nothing

    @property
    def unsafe(self) -> bool:
        """Whether it changes something (RFC 9110 section 9.2.1), so that Idempotency-Key applies."""
        return self.method not in {"GET", "HEAD"}

    @property
    def reads(self) -> bool:
        """Whether anything is read from the body: JSON, or lines of it."""
        return self.takes_body or self.line is not None

    @property
    def operation_id(self) -> str:
        """Stable name for generated clients."""
        return self.handler.__name__


def problem_codes(route: Route[Any, Any]) -> tuple[str, ...]:
    """Return every code that a route may answer with, in the order of the table of problems."""
    codes = {code for applies, some in _CODES_OF for code in some if applies(route)} | set(route.problems)
    return tuple(code for code in KINDS if code in codes)


_CODES_OF: tuple[tuple[Callable[[Route[Any, Any]], bool], tuple[str, ...]], ...] = (
    (lambda _: True, ("MALFORMED_REQUEST", "INVALID_QUERY", "INTERNAL", "UNAVAILABLE")),
    (lambda route: route.scope is not None, ("UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED")),
    (lambda route: bool(route.parameters), ("NOT_FOUND",)),
    (lambda route: "name" in route.parameters, ("INVALID_INPUT",)),
    (
        lambda route: route.reads,
        ("MALFORMED_JSON", "UNSUPPORTED_MEDIA_TYPE", "BODY_TOO_LARGE", "REQUEST_TIMEOUT", "INVALID_INPUT"),
    ),
    (
        lambda route: route.unsafe,
        ("INVALID_HEADER", "IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_IN_PROGRESS"),
    ),
    (lambda route: bool(route.conditional), ("INVALID_HEADER",)),
    (lambda route: route.conditional == "write", ("PRECONDITION_FAILED",)),
)
