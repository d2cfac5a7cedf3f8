"""From request to answer: admit, check, carry out once, render; every error becomes a problem.

The envelope stands around everything, the server library's own refusals included: request id, log,
metrics. The log names route templates and ids; paths carry domain names and are not logged.
"""

import asyncio
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from whoisproxy.api import metrics
from whoisproxy.api.auth import Gate
from whoisproxy.api.body import as_problem, read_json, validated
from whoisproxy.api.dependencies import ApiDependencies
from whoisproxy.api.etags import is_unmodified
from whoisproxy.api.failures import as_api_problem
from whoisproxy.api.idempotency import Idempotency, fingerprint, key_of
from whoisproxy.api.models.common import Nothing
from whoisproxy.api.problems import Problem, from_error
from whoisproxy.api.routing import REQUEST_ID, Answer, Call, Caller, Route
from whoisproxy.api.sending import check_promised, sent_answer, sent_problem
from whoisproxy.api.sent import Sent
from whoisproxy.domain.errors import NotFound, WhoisproxyError

_log = structlog.get_logger()

CALLER = web.RequestKey("caller", Caller)

NOT_MODIFIED = 304
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_HEADERS: Mapping[str, str] = {
    "Server": "whoisproxy",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers hold persons' data: no cache may keep them.
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


async def finish_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers that every answer has; a signal, so that streams get them too."""
    response.headers["X-Request-Id"] = request.get(REQUEST_ID, "")
    for name, value in _HEADERS.items():
        if name == "Server" or name not in response.headers:
            response.headers[name] = value


@web.middleware
async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever happens, and record it."""
    request_id = request[REQUEST_ID] = str(uuid.uuid4())
    started = perf_counter()
    metrics.IN_FLIGHT.inc()
    response: web.StreamResponse | None = None
    try:
        response = await handler(request)
    except Exception as error:  # noqa: BLE001 - no stack trace leaves: all is answered here
        response = sent_problem(as_api_problem(error, request_id), request_id).response()
    finally:
        metrics.IN_FLIGHT.dec()
        _record(request, response, perf_counter() - started)
    return response


def _record(request: web.Request, response: web.StreamResponse | None, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unmatched"
    status = response.status if response is not None else 0
    caller = request.get(CALLER)
    metrics.REQUESTS.labels(route, metrics.method_label(request.method), str(status)).inc()
    metrics.SECONDS.labels(route).observe(seconds)
    _log.info(
        "api-request",
        request_id=request[REQUEST_ID],
        route=route,
        method=metrics.method_label(request.method),
        status=status,
        duration_ms=round(seconds * 1000, 1),
        key_id=caller.key.id if caller else "",
    )


class Dispatcher:
    """Serves the routes of the table."""

    def __init__(self, deps: ApiDependencies) -> None:
        self._deps = deps
        self._stopping = asyncio.Event()
        self._gate = Gate(deps.accounts, deps.limits, deps.clock)
        self._idempotency = Idempotency(deps.storage, deps.clock)

    async def stop(self, _app: web.Application) -> None:
        """Let those who wait for something answer now; a signal of the application."""
        self._stopping.set()

    def serve(self, route: Route[Any, Any]) -> Handler:
        """Return aiohttp's handler of a route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await self._handle(route, request)
            except (Problem, WhoisproxyError) as error:
                problem = error if isinstance(error, Problem) else from_error(error)
                check_promised(problem, route)
                raise problem from None

        return handle

    async def _handle(self, route: Route[Any, Any], request: web.Request) -> web.StreamResponse:
        call = await self._call(route, request)
        if route.line is not None:
            return await self._streamed(route, call)
        raw = await self._body(route, request)
        call = replace(call, body=validated(route.body, raw) if route.takes_body else Nothing())
        key = key_of(request) if route.unsafe else ""
        if not key or call.caller is None:
            return (await _perform(route, call)).response()
        mark = fingerprint(request.method, request.raw_path, request.headers.get("If-Match", ""), raw)
        owner = call.caller.registrar.id
        sent, replayed = await self._idempotency.once(owner, key, mark, lambda: _perform(route, call))
        return sent.response({"Idempotency-Replayed": "true"} if replayed else None)

    async def _call(self, route: Route[Any, Any], request: web.Request) -> Call[Any, Any]:
        caller = None
        if route.scope is not None:
            caller = request[CALLER] = await self._gate.admit(request, route.scope)
        query = read_query(route.query, request)
        path = dict(request.match_info)
        # What cannot be an id is not looked up: a database may stumble over it.
        if not _ID.fullmatch(path.get("id", "id")):
            raise NotFound("nothing has that id")
        return Call(self._deps, self._idempotency, self._stopping, caller, request, path, query, Nothing())

    async def _body(self, route: Route[Any, Any], request: web.Request) -> bytes:
        if not route.takes_body:
            return b""
        if route.body_optional and not request.body_exists:
            return b"{}"
        limits = self._deps.limits
        return await read_json(request, limits.body_octets, limits.body_timeout_s)

    async def _streamed(self, route: Route[Any, Any], call: Call[Any, Any]) -> web.StreamResponse:
        response = await route.handler(call)
        if not isinstance(response, web.StreamResponse):
            raise TypeError(f"{route.operation_id} must answer line by line")
        return response


async def _perform(route: Route[Any, Any], call: Call[Any, Any]) -> Sent:
    """Carry the request out; a refusal is an answer too, so that it can be kept."""
    try:
        answer = await route.handler(call)
    except (Problem, WhoisproxyError) as error:
        problem = error if isinstance(error, Problem) else from_error(error)
        check_promised(problem, route)
        return sent_problem(problem, call.request_id)
    if not isinstance(answer, Answer):
        raise TypeError(f"{route.operation_id} must give an answer")
    if route.conditional == "read" and answer.etag and is_unmodified(call.request, answer.etag):
        return Sent(NOT_MODIFIED, {"ETag": answer.etag}, b"", final=True)
    return sent_answer(answer, route)


def read_query(model: type[BaseModel], request: web.Request) -> BaseModel:
    """Return the query parameters as their model.

    Raises:
        Problem: INVALID_QUERY for one that is unknown, given twice or out of range.
    """
    pairs = list(request.query.items())
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Problem("INVALID_QUERY", "a query parameter is given twice")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise as_problem(error, "INVALID_QUERY") from None
