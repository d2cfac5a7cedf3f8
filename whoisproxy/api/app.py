"""The API as an aiohttp application: the table of routes behind the dispatcher, the pages, the metrics."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from whoisproxy.api.dependencies import ApiDependencies
from whoisproxy.api.dispatch import Dispatcher, envelope, finish_headers
from whoisproxy.api.docs_page import add_pages
from whoisproxy.api.table import ROUTES


def make_app(deps: ApiDependencies) -> web.Application:
    """Return the application; serve it with `whoisproxy.api.server.make_runner`."""
    # Bodies are read and capped by ourselves; the library's own cap must not come before.
    app = web.Application(middlewares=[envelope], client_max_size=0)
    dispatcher = Dispatcher(deps)
    for route in ROUTES:
        handler = dispatcher.serve(route)
        if route.method == "GET":
            app.router.add_get(route.path, handler)
        else:
            app.router.add_route(route.method, route.path, handler)
    add_pages(app)
    app.router.add_get("/metrics", _metrics(deps))
    app.on_shutdown.append(dispatcher.stop)
    app.on_response_prepare.append(finish_headers)
    return app


def _metrics(deps: ApiDependencies) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=await deps.metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer
