"""One RDAP connection: aiohttp's, with errors in RDAP and an end for clients that do not read."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web import BaseRequest, Server, StreamResponse
from aiohttp.web_protocol import RequestHandler

from whoisproxy.rdds_servers.rdap_answering import RdapAnswering

_log = structlog.get_logger()

_URI_OCTETS = 4096  # a name of 253 octets, whose U-labels are percent-encoded, and a long base path
_HEADER_OCTETS = 8190
_HEADERS = 64
# From the opening or the last answer until the next request has come whole: the deadline of headers that
# trickle in, and of a connection on which nothing is asked.
_REQUEST_S = 20.0
# What is still unread after so long is not waited for.
_READ_S = 15.0
# A request with content is refused; this long it is read on, so that the refusal arrives.
_LINGER_S = 2.0


class RdapConnection(RequestHandler):
    """Serves one client; tells when it has ended."""

    __slots__ = ("_answering", "_ended", "_unread", "_wire")

    def __init__(
        self, server: Server, answering: RdapAnswering, ended: Callable[[], None], **options: Any
    ) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._answering = answering
        self._ended = ended
        self._unread: asyncio.TimerHandle | None = None
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        # uvloop's transports do not derive from asyncio's.
        self._wire = cast("asyncio.Transport", transport)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give up the place."""
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)
        self._ended()

    def abort(self) -> None:
        """End at once."""
        if self._wire is not None:
            self._wire.abort()

    def await_reading(self) -> None:
        """Note that the client has not taken all that was sent: it has some seconds."""
        if self._unread is None:
            self._unread = asyncio.get_running_loop().call_later(_READ_S, self._drop_unread)

    def _drop_unread(self) -> None:
        self._unread = None
        if self._wire is not None and self._wire.get_write_buffer_size():
            self._wire.abort()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """Answer what is no HTTP as RDAP; nothing of it is quoted or logged, for it may hold anything."""
        del message
        if isinstance(exc, LineTooLong):
            status = 414 if exc.args[1] == _URI_OCTETS else 431
        elif status != HTTPStatus.BAD_REQUEST:
            _log.error("rdap-failed", error=type(exc).__name__)
            status = 500
        return cast("StreamResponse", self._answering.error(request, status, closes=True))

    def log_exception(self, *_args: Any, **_options: Any) -> None:
        """Keep the library's words, which quote requests, out of the log."""
        _log.error("rdap-connection-failed")


class RdapProtocols:
    """Makes connections for a listener, and ends them together."""

    def __init__(self, answering: RdapAnswering) -> None:
        self._answering = answering
        self._server = Server(answering)

    def __call__(self, ended: Callable[[], None]) -> RdapConnection:
        """Return the protocol of a new connection, which calls `ended` at its end."""
        return RdapConnection(
            self._server,
            self._answering,
            ended,
            access_log=None,
            keepalive_timeout=_REQUEST_S,
            lingering_time=_LINGER_S,
            max_line_size=_URI_OCTETS,
            max_field_size=_HEADER_OCTETS,
            max_headers=_HEADERS,
        )

    async def close(self, seconds: float) -> None:
        """Let what is being answered be answered, for so long; end the rest."""
        self._server.pre_shutdown()
        await self._server.shutdown(seconds)
