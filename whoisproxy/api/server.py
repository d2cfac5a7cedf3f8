"""Serve the API with problems also for what is no HTTP: the server library's own answers are plain text."""

import uuid
from asyncio import get_running_loop
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from whoisproxy.api.problems import from_status, render

_log = structlog.get_logger()


class _ProblemHandler(RequestHandler):
    """One connection; what cannot be parsed gets a problem document, and the connection ends."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer without quoting what the peer sent."""
        request_id = str(uuid.uuid4())
        # What was received stays out of the log: a broken request may hold anything.
        _log.info("api-request-unreadable", request_id=request_id, status=status, error=type(exc).__name__)
        del message
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun; the connection is closed instead")
        rendered = render(from_status(status), request_id)
        headers = {**rendered.headers, "X-Request-Id": request_id, "Server": "whoisproxy"}
        response = web.Response(status=rendered.status, body=rendered.body, headers=headers)
        response.force_close()
        return response


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _ProblemHandler(self, loop=get_running_loop(), **self._kwargs)


class ApiRunner(web.AppRunner):
    """Runs the application; log and limits are the application's own business."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        # The library offers no way to choose the class of its connections.
        server.__class__ = _Server
        return server


def make_runner(app: web.Application) -> web.BaseRunner:
    """Return a runner for the API's application."""
    return ApiRunner(app, access_log=None, handle_signals=False)
