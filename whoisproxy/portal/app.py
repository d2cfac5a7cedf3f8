"""The pages as an aiohttp application, built from the table of routes.

GET and HEAD change nothing, since mail scanners open every link; what changes something is a POST of a form,
or of a mailbox provider by RFC 8058. A link that is forged, expired, or done with leads to one and the same
page. TLS is put in front. Nothing here logs a path or a name.
"""

import time
from collections.abc import Awaitable, Callable
from types import MethodType

from aiohttp import web

from whoisproxy.portal.dependencies import PortalDependencies
from whoisproxy.portal.entry.cookies import Cookies
from whoisproxy.portal.entry.gate import Gate, Page
from whoisproxy.portal.guard import Guard
from whoisproxy.portal.rendering import Pages
from whoisproxy.portal.route import Audience, Route
from whoisproxy.portal.routes import ROUTES
from whoisproxy.request_limits import PrefixLimits

_BODY_OCTETS = 256 * 1024


def make_portal_app(deps: PortalDependencies, clock: Callable[[], float] = time.monotonic) -> web.Application:
    """Return the application.

    Run it with `access_log=None`: a path is a secret of its owner.

    Args:
        deps: What the pages work with.
        clock: Seconds that never go back, for the rate limit.
    """
    pages = Pages(deps.base_url)
    limits = PrefixLimits(deps.requests_per_minute, clock)
    uncounted = frozenset(route.path for route in ROUTES if not route.counted)
    guard = Guard(pages, deps.appearances, limits, uncounted, secure=deps.base_url.startswith("https:"))
    gate = Gate(deps, pages, Cookies(secure=deps.base_url.startswith("https:")))
    app = web.Application(middlewares=[guard.guard], client_max_size=_BODY_OCTETS)
    made = {make: make(deps, pages) for make in dict.fromkeys(route.page for route in ROUTES)}
    for route in ROUTES:
        # aiohttp answers HEAD as it does GET, without the body.
        add = app.router.add_get if route.method == "GET" else app.router.add_post
        add(route.path, _admitted(gate, route, MethodType(route.handler, made[route.page])))
    app.on_response_prepare.append(guard.finish)
    app.on_shutdown.append(_ending_streams(deps))
    return app


def _ending_streams(deps: PortalDependencies) -> Callable[[web.Application], Awaitable[None]]:
    """Return what ends the answers that would go on for minutes, before the server waits for them."""

    async def end(_app: web.Application) -> None:
        deps.owner_switching.feed.close()

    return end


def _admitted(gate: Gate, route: Route, page: Callable[..., Awaitable[web.StreamResponse]]) -> Page:
    if stages := route.audience.stages:
        return gate.for_owners(page, writes=route.writes, stages=stages)
    if route.audience is Audience.VISITOR:
        return gate.for_visitors(page, writes=route.writes)
    return gate.for_anybody(page, writes=route.writes) if route.audience is Audience.ENTRY else page
