"""From an RDAP request to its answer (RFC 7480): limits, target, publisher, redirection, errors.

Every answer, errors included, is RDAP in JSON with CORS open to all. Nothing here logs or counts by name.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import hdrs
from aiohttp.web import BaseRequest, StreamResponse
from prometheus_client import Counter

from whoisproxy.domain.errors import RateLimited, Unauthorized, Unavailable
from whoisproxy.publication import rdap
from whoisproxy.publication.answer import MISSING, Answer, Missing, ObjectKind, Question, View
from whoisproxy.rdds_servers import rdap_replies
from whoisproxy.rdds_servers.disclosing import CHALLENGE, Disclosing
from whoisproxy.rdds_servers.queries import Publisher
from whoisproxy.rdds_servers.rdap_negotiation import coding_of, form_of
from whoisproxy.rdds_servers.rdap_replies import Reply
from whoisproxy.rdds_servers.rdap_targets import HELP, read_target
from whoisproxy.request_limits import PrefixLimits, client_address, prefix

_log = structlog.get_logger()
_QUERIES = Counter("whoisproxy_rdap_queries", "RDAP queries by outcome", ["outcome"])

# Status -> (outcome in log and metric, title, description).
_ERRORS = {
    302: ("redirected", "Found", "Another service knows this object; Location says where."),
    400: ("bad-query", "Bad Request", "The query names no object as RFC 9082 and RFC 5891 want it."),
    401: ("unauthorized", "Unauthorized", "What was sent in Authorization is not good for this query."),
    404: ("not-found", "Not Found", "This service has no such object."),
    405: ("bad-method", "Method Not Allowed", "RDAP is queried with GET or HEAD."),
    413: ("content", "Content Too Large", "An RDAP query has no content."),
    414: ("long-uri", "URI Too Long", "The URI is longer than any query needs."),
    422: ("pattern", "Unprocessable Content", "Partial matches are not supported (RFC 9082 section 4.1)."),
    429: ("limited", "Too Many Requests", "Too many queries from your network; wait as Retry-After says."),
    431: ("long-header", "Request Header Fields Too Large", "The headers are longer than any query needs."),
    500: ("failed", "Internal Server Error", "The query failed here; the operator has been told."),
    501: (
        "unsupported",
        "Not Implemented",
        "Only domain, nameserver, entity and help queries are answered here.",
    ),
    503: ("unavailable", "Service Unavailable", "The database does not answer now; try again later."),
}
# What goes wrong here, or may be an attack, leaves a line; the rest is counted.
_LOGGED = frozenset({400, 405, 422})

_COUNTERS = {
    outcome: _QUERIES.labels(outcome)
    for outcome in ("answered", "disclosed", "preflight", *(outcome for outcome, _, _ in _ERRORS.values()))
}
_count_answered = _COUNTERS["answered"].inc

_METHODS = frozenset({"GET", "HEAD"})
_RETRY_AFTER_S = 30
_RENDERED_S = 15.0
_URI_CHARACTERS = "%/?@!$&'()*+,;=:-._~"  # RFC 3986 section 3.3 and 3.4

_network = lru_cache(4096)(prefix)


@dataclass(frozen=True, slots=True)
class RdapSettings:
    """What answering needs to know.

    Attributes:
        base_url: The service as the outside sees it.
        terms_url: Page of the terms, for answers that belong to no registrar.
        requests_per_minute: Per /24 (IPv4) or /56 (IPv6).
    """

    base_url: str
    terms_url: str
    requests_per_minute: int


class RdapAnswering:
    """Answers requests."""

    def __init__(
        self,
        publisher: Publisher,
        settings: RdapSettings,
        clock: Callable[[], float],
        elsewhere: Callable[[Question], str | None] | None,
        disclosing: Disclosing | None = None,
    ) -> None:
        """Answer by these.

        Args:
            publisher: Answers about objects.
            settings: Where the service stands and how much it takes.
            clock: Seconds that never go back, for the rate limit.
            elsewhere: Returns the URL of another service for an object not held here, if there is one.
            disclosing: Answers queries about domains that carry credentials; without it these do not count.
        """
        self._publisher = publisher
        self._disclosing = disclosing
        self._limits = PrefixLimits(settings.requests_per_minute, clock)
        self._elsewhere = elsewhere
        self._terms_url = settings.terms_url
        self._base_url = settings.base_url.rstrip("/")
        # A TLS proxy may take the path of the base URL away, or leave it.
        self._base_path = f"{urlsplit(self._base_url).path}/"
        self._help = Answer.tagged(rdap.help_json(self._terms_url, f"{self._base_url}/help"))

    async def __call__(self, request: BaseRequest) -> StreamResponse:
        """Answer as aiohttp's low-level server wants it."""
        reply = self._refused(request) or self._ready(request) or await self._waited_for(request)
        # Of an answer its connection uses what a `Reply` has, and nothing else.
        return cast("StreamResponse", reply)

    def _refused(self, request: BaseRequest) -> Reply | None:
        """Answer what is no query, or one too many; None where it is one."""
        wait_s = self._limits.take(_network(client_address(request.remote, request.headers)))
        if wait_s:
            return self.error(request, 429, f"Retry-After: {wait_s}")
        if request.body_exists:
            return self.error(request, 413, closes=True)
        if request.method in _METHODS:
            return None
        if request.method == "OPTIONS":
            _COUNTERS["preflight"].inc()
            return rdap_replies.of_preflight()
        return self.error(request, 405, "Allow: GET, HEAD, OPTIONS")

    def _ready(self, request: BaseRequest) -> Reply | None:
        """Answer what can be answered at once; None where somebody must be asked."""
        target = read_target(self._path(request))
        question = target.question
        if question is None:
            return self._found(request, self._help) if target is HELP else self.error(request, target.status)
        if self._discloser_of(request, question):
            return None
        question = _in_view(request, question)
        answer = self._publisher.ready(question)
        return None if answer is None else self._said(request, question, answer)

    async def _waited_for(self, request: BaseRequest) -> Reply:
        """Answer a question about an object that is not ready, or that carries credentials."""
        asked = read_target(self._path(request)).question
        assert asked is not None  # noqa: S101 - `_ready` answers whatever asks for no object
        question = _in_view(request, asked)
        try:
            async with asyncio.timeout(_RENDERED_S):
                if disclosing := self._discloser_of(request, question):
                    return await self._disclosed(request, question, disclosing)
                answer = await self._publisher.rendered(question) or MISSING
        except Exception as error:  # noqa: BLE001 - the peer gets an answer whatever breaks
            return self._failure(request, error)
        return self._said(request, question, answer)

    def _discloser_of(self, request: BaseRequest, question: Question) -> Disclosing | None:
        """Return who answers a query that carries credentials, where they count."""
        if hdrs.AUTHORIZATION not in request.headers or question.kind is not ObjectKind.DOMAIN:
            return None
        return self._disclosing

    async def _disclosed(self, request: BaseRequest, question: Question, disclosing: Disclosing) -> Reply:
        """Answer one requester with what was granted to him, or with 401 whatever is wrong."""
        address = client_address(request.remote, request.headers)
        try:
            answer = await disclosing.answer(question, request.headers[hdrs.AUTHORIZATION], address)
        except Unauthorized:
            return self.error(request, 401, CHALLENGE)
        except RateLimited as limited:
            return self.error(request, 429, f"Retry-After: {limited.retry_after_s}")
        _COUNTERS["disclosed"].inc()
        return rdap_replies.of_disclosed(answer)

    def _failure(self, request: BaseRequest, error: Exception) -> Reply:
        if isinstance(error, Unavailable | TimeoutError):
            _log.warning("rdap-unavailable")
            return self.error(request, 503, f"Retry-After: {_RETRY_AFTER_S}")
        _log.error("rdap-failed", exc_info=error)
        return self.error(request, 500)

    def _said(self, request: BaseRequest, question: Question, answer: Answer | Missing) -> Reply:
        if answer is not MISSING:
            return self._found(request, answer)
        url = self._elsewhere(question) if self._elsewhere else None
        return self.error(request, 302, f"Location: {url}") if url else self.error(request, 404)

    def _found(self, request: BaseRequest, answer: Answer) -> Reply:
        _count_answered()
        headers = request.headers
        return rdap_replies.of_object(
            answer,
            coding_of(headers.get(hdrs.ACCEPT_ENCODING, "")),
            headers.get(hdrs.IF_NONE_MATCH),
            extensions=form_of(headers.get(hdrs.ACCEPT, "")).extensions,
        )

    def _path(self, request: BaseRequest) -> str:
        """Return what was asked for, below the base URL."""
        path = request.raw_path
        if not path.startswith("/"):
            path = request.rel_url.raw_path_qs  # RFC 9112 section 3.2.2: the whole URL was sent
        return path.removeprefix(self._base_path) if path.startswith(self._base_path) else path[1:]

    def error(self, request: BaseRequest, status: int, *headers: str, closes: bool = False) -> Reply:
        """Return an error; it repeats nothing of the query but its URL."""
        outcome, title, description = _ERRORS[status]
        _COUNTERS[outcome].inc()
        if status in _LOGGED:
            _log.info("rdap-refused", outcome=outcome)
        path = quote(self._path(request), safe=_URI_CHARACTERS, errors="surrogateescape")
        body = rdap.error_json(
            status, title, description, terms_url=self._terms_url, queried_url=f"{self._base_url}/{path}"
        )
        return rdap_replies.of_error(status, body, *headers, closes=closes)


def _in_view(request: BaseRequest, question: Question) -> Question:
    """Return the question as the client wants the object written."""
    view = form_of(request.headers.get(hdrs.ACCEPT, "")).view
    return question if view is View.RDAP else question._replace(view=view)
