"""The pages for owners as an aiohttp application.

Whoever opens a link is who it was made for: there is no login, no cookie, no script. GET and HEAD change
nothing, since mail scanners open every link; what changes something is a POST of a form, or of a mailbox
provider by RFC 8058. A link that is forged, expired, or done with leads to one and the same page. TLS is put
in front. Nothing here logs a path or a name.
"""

import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import Counter

from mailrelay.errors import TemporaryMailError
from whoisproxy.domain.errors import Unavailable
from whoisproxy.portal.answering import AnswerPage
from whoisproxy.portal.confirming import ConfirmPage
from whoisproxy.portal.dependencies import NoSuchLink, PortalDependencies
from whoisproxy.portal.digest import DigestPage
from whoisproxy.portal.held import HeldPage
from whoisproxy.portal.held_list import HeldListPage
from whoisproxy.portal.rendering import HEADERS, Pages, style
from whoisproxy.portal.stopping import StopPage
from whoisproxy.portal.texts import wished
from whoisproxy.request_limits import PrefixLimits, client_address, prefix

_log = structlog.get_logger()
_REQUESTS = Counter("whoisproxy_portal_requests", "Requests for owners' pages", ["status"])
_BODY_OCTETS = 256 * 1024
_WAIT_S = "60"

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_portal_app(deps: PortalDependencies, clock: Callable[[], float] = time.monotonic) -> web.Application:
    """Return the application.

    Run it with `access_log=None`: a path is a secret of its owner.

    Args:
        deps: What the pages work with.
        clock: Seconds that never go back, for the rate limit.
    """
    pages = Pages(deps.base_url)
    guard = _Guard(pages, PrefixLimits(deps.requests_per_minute, clock))
    app = web.Application(middlewares=[guard.guard], client_max_size=_BODY_OCTETS)
    for path, page in (
        ("/a/{token}", AnswerPage(deps, pages)),
        ("/c/{token}", ConfirmPage(deps, pages)),
        ("/s/{token}", StopPage(deps, pages)),
        ("/m/{token}", HeldPage(deps, pages)),
        ("/d/{token}", DigestPage(deps, pages)),
    ):
        app.router.add_get(path, page.show)
        app.router.add_post(path, page.act)
    app.router.add_get("/q/{token}", HeldListPage(deps, pages).show)
    app.router.add_get("/style.css", _style)
    app.on_response_prepare.append(_finish_headers)
    return app


class _Guard:
    """Refuses whoever asks too much, before any work; turns failures into pages."""

    def __init__(self, pages: Pages, limits: PrefixLimits) -> None:
        self._pages = pages
        self._limits = limits

    @web.middleware
    async def guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Answer whatever happens."""
        response = await self._answer(request, handler)
        _REQUESTS.labels(str(response.status)).inc()
        return response

    async def _answer(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        language = wished(request.headers.get("Accept-Language", ""))
        if wait_s := self._limits.take(prefix(client_address(request.remote, request.headers))):
            return self._told("busy", language, 429, str(wait_s))
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            return self._told("too_large", language, 413)
        except web.HTTPRedirection:
            raise
        except (NoSuchLink, web.HTTPException):
            # A path that was never one, a method that does not fit: nobody learns more than of a bad link.
            return self._told("gone", language, 404)
        except (TemporaryMailError, Unavailable):
            _log.warning("portal-unavailable")
            return self._told("failed", language, 503, _WAIT_S)
        except Exception as error:  # noqa: BLE001 - its text may quote what the owner wrote
            _log.error("portal-failed", error=type(error).__name__)
            return self._told("failed", language, 500)

    def _told(self, name: str, language: str, status: int, retry_after: str = "") -> web.Response:
        response = self._pages.message(name, language, status)
        if retry_after:
            response.headers["Retry-After"] = retry_after
        return response


async def _style(_request: web.Request) -> web.Response:
    return web.Response(text=style(), content_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def _finish_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers["Server"] = "whoisproxy"
