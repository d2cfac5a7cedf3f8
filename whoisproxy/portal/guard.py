"""What stands before every page: the rate limit, the view, failures as pages, the headers of answers."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import Counter

from mailrelay.errors import TemporaryMailError
from whoisproxy.domain.errors import Unavailable
from whoisproxy.portal.dependencies import NoSuchLink
from whoisproxy.portal.language import chosen, remember
from whoisproxy.portal.messages import BUSY, FAILED, GONE, TOO_LARGE, Said
from whoisproxy.portal.rendering import Pages, headers_for
from whoisproxy.portal.view import VIEW, View, first_view
from whoisproxy.request_limits import PrefixLimits, client_address, prefix
from whoisproxy.services.appearances import Appearances

_log = structlog.get_logger()
_REQUESTS = Counter("whoisproxy_portal_requests", "Requests for owners' pages", ["status"])
_WAIT_S = "60"

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """Refuses whoever asks too much, before any work; turns failures into pages.

    Args:
        pages: Renders.
        appearances: Knows which host names are registrars' own.
        limits: Of requests, by network.
        uncounted: Paths of routes that no limit is for, as the table has them.
        secure: Whether the outside reaches the pages by https, so that cookies go no other way.
    """

    def __init__(
        self,
        pages: Pages,
        appearances: Appearances,
        limits: PrefixLimits,
        uncounted: frozenset[str],
        *,
        secure: bool,
    ) -> None:
        self._pages = pages
        self._appearances = appearances
        self._limits = limits
        self._uncounted = uncounted
        self._secure = secure

    @web.middleware
    async def guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Answer whatever happens."""
        request[VIEW] = first_view(request)
        response = await self._answer(request, handler)
        if language := chosen(request):
            remember(response, language, secure=self._secure)
        _REQUESTS.labels(str(response.status)).inc()
        return response

    async def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add what every answer has, whether it is sent at once or as it comes."""
        for name, value in headers_for(request).items():
            response.headers.setdefault(name, value)
        response.headers["Server"] = "whoisproxy"

    async def _answer(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if wait_s := self._wait_s(request):
            return self._told(BUSY, request[VIEW], 429, str(wait_s))
        try:
            request[VIEW] = request[VIEW].dressed(await self._appearances.of_host(request.host))
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            return self._told(TOO_LARGE, request[VIEW], 413)
        except web.HTTPRedirection:
            raise
        except (NoSuchLink, web.HTTPException):
            # A path that was never one, a method that does not fit: nobody learns more than of a bad link.
            return self._told(GONE, request[VIEW], 404)
        except (TemporaryMailError, Unavailable):
            _log.warning("portal-unavailable")
            return self._told(FAILED, request[VIEW], 503, _WAIT_S)
        except Exception as error:  # noqa: BLE001 - its text may quote what the owner wrote
            _log.error("portal-failed", error=type(error).__name__)
            return self._told(FAILED, request[VIEW], 500)

    def _wait_s(self, request: web.Request) -> int:
        resource = request.match_info.route.resource
        if resource is not None and resource.canonical in self._uncounted:
            return 0
        return self._limits.take(prefix(client_address(request.remote, request.headers)))

    def _told(self, said: Said, view: View, status: int, retry_after: str = "") -> web.Response:
        response = self._pages.message(said, view, status)
        if retry_after:
            response.headers["Retry-After"] = retry_after
        return response
