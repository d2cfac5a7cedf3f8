"""RDAP over HTTP (RFC 7480, RFC 9082) for the domains held here.

Answers `/domain/NAME` and `/help`; the objects that a registrar does not serve are answered 501. Every
answer, errors included, is RDAP in JSON with CORS open to all. TLS is put in front. Nothing here logs or
counts by name.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiohttp import web
from prometheus_client import Counter

from whoisproxy.domain.errors import InvalidInput, Unavailable
from whoisproxy.publication import rdap
from whoisproxy.publication.answer import Answer, ObjectKind, Question, View
from whoisproxy.rdds_servers.queries import Publisher, answered, queried_name
from whoisproxy.request_limits import PrefixLimits, client_address, prefix

_log = structlog.get_logger()
_QUERIES = Counter("whoisproxy_rdap_queries", "RDAP queries by outcome", ["outcome"])

# Status -> (outcome in log and metric, title, description).
_ERRORS = {
    400: ("bad-query", "Bad Request", "The query does not contain a domain name (RFC 5891)."),
    404: ("not-found", "Not Found", "This service has no such object."),
    405: ("bad-method", "Method Not Allowed", "RDAP is queried with GET or HEAD."),
    422: ("pattern", "Unprocessable Content", "Partial matches are not supported (RFC 9082 section 4.1)."),
    429: ("limited", "Too Many Requests", "Too many queries from your network; wait as Retry-After says."),
    500: ("failed", "Internal Server Error", "The query failed here; the operator has been told."),
    501: ("unsupported", "Not Implemented", "This service answers domain and help queries only."),
    503: ("unavailable", "Service Unavailable", "The database does not answer now; try again later."),
}
# What goes wrong here, or may be an attack, leaves a line; the rest is counted.
_LOGGED = frozenset({400, 405, 422})

# RFC 9082 sections 3.1 and 3.2.
_UNSUPPORTED = frozenset({"autnum", "domains", "entities", "entity", "ip", "nameserver", "nameservers"})

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
    # A copy must be asked about before each use: a switch to privacy counts at once.
    "Cache-Control": "no-cache",
}
_RETRY_AFTER_S = 30

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class RdapSettings:
    """What the server needs to know.

    Attributes:
        base_url: The service as the outside sees it.
        terms_url: Page of the terms, for answers that belong to no registrar.
        requests_per_minute: Per /24 (IPv4) or /56 (IPv6).
    """

    base_url: str
    terms_url: str
    requests_per_minute: int


def make_rdap_app(
    publisher: Publisher, settings: RdapSettings, clock: Callable[[], float] = time.monotonic
) -> web.Application:
    """Return the application.

    Run it with `access_log=None`: request lines name domains.

    Args:
        publisher: Answers about domains.
        settings: Where it stands and how much it takes.
        clock: Seconds that never go back, for the rate limit.
    """
    server = _RdapServer(publisher, settings, PrefixLimits(settings.requests_per_minute, clock))
    app = web.Application(middlewares=[server.guard])
    app.router.add_get("/domain/{name:.*}", server.domain)
    app.router.add_get("/help", server.help)
    app.router.add_route("*", "/{tail:.*}", server.other)
    return app


class _RdapServer:
    def __init__(self, publisher: Publisher, settings: RdapSettings, limits: PrefixLimits) -> None:
        self._publisher = publisher
        self._base_url = settings.base_url.rstrip("/")
        self._terms_url = settings.terms_url
        self._limits = limits

    @web.middleware
    async def guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Refuse whoever asks too much, before any work; turn failures into RDAP errors."""
        wait_s = self._limits.take(prefix(client_address(request.remote, request.headers)))
        if wait_s:
            return self._error(request, 429, {"Retry-After": str(wait_s)})
        try:
            return await handler(request)
        except InvalidInput:
            return self._error(request, 400)
        except Unavailable:
            _log.warning("rdap-unavailable")
            return self._error(request, 503, {"Retry-After": str(_RETRY_AFTER_S)})
        except Exception:  # noqa: BLE001 - the peer gets an answer whatever breaks; `_log` keeps the place
            _log.exception("rdap-failed")
            return self._error(request, 500)

    async def domain(self, request: web.Request) -> web.StreamResponse:
        """Answer a domain query (RFC 9082 section 3.1.3)."""
        text = request.match_info["name"]
        if "*" in text:
            return self._error(request, 422)
        name = queried_name(text)
        question = Question(View.RDAP, ObjectKind.DOMAIN, name.a_label) if name else None
        answer = await answered(self._publisher, question) if question else None
        if answer is None:
            return self._error(request, 404)
        return _answer(request, answer, "found")

    async def help(self, request: web.Request) -> web.StreamResponse:
        """Answer a help query (RFC 9082 section 3.1.6)."""
        return _answer(request, Answer.tagged(rdap.help_json(self._terms_url, self._url(request))), "help")

    async def other(self, request: web.Request) -> web.StreamResponse:
        """Answer what is neither."""
        if request.method not in {"GET", "HEAD"}:
            return self._error(request, 405, {"Allow": "GET, HEAD"})
        segment = request.match_info["tail"].partition("/")[0]
        return self._error(request, 501 if segment in _UNSUPPORTED else 404)

    def _url(self, request: web.Request) -> str:
        return self._base_url + request.rel_url.raw_path

    def _error(
        self, request: web.Request, status: int, headers: dict[str, str] | None = None
    ) -> web.Response:
        outcome, title, description = _ERRORS[status]
        _QUERIES.labels(outcome).inc()
        if status in _LOGGED:
            _log.info("rdap-refused", outcome=outcome)
        body = rdap.error_json(
            status, title, description, terms_url=self._terms_url, queried_url=self._url(request)
        )
        return web.Response(
            status=status,
            body=body,
            content_type=rdap.CONTENT_TYPE,
            headers=_HEADERS | (headers or {}),
        )


def _answer(request: web.Request, answer: Answer, outcome: str) -> web.Response:
    """Return 200 with a strong ETag, or 304 to whoever has these bytes already (RFC 9110 section 13.1.2)."""
    headers = _HEADERS | {"ETag": f'"{answer.etag}"'}
    if any(known.value in {answer.etag, "*"} for known in request.if_none_match or ()):
        _QUERIES.labels("unchanged").inc()
        return web.Response(status=304, headers=headers)
    _QUERIES.labels(outcome).inc()
    return web.Response(body=answer.body, content_type=rdap.CONTENT_TYPE, headers=headers)
