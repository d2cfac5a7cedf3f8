"""One RDAP connection: aiohttp's, with errors in RDAP and an end for clients that do not read."""

import asyncio
import logging  # noqa: TC003 - named in a cast
import re
from collections.abc import Callable
from dataclasses import dataclass
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
_TOO_MANY_HEADERS = ("Too many headers received",)  # the parser has no other sign for it


_RAW = re.compile(rb"[\x80-\xff]")


def _percent_encoded(octet: re.Match[bytes]) -> bytes:
    return b"%%%02X" % octet[0][0]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a connection waits for its client, in seconds.

    Attributes:
        handshake_s: Until TLS stands, and until it has ended.
        request_s: From the opening or the last answer until the next request has come whole: for headers
            that trickle in, and for a connection on which nothing is asked.
        read_s: Until what was sent has been taken.
        content_s: For the rest of a request with content, which is refused, so that the refusal arrives.
    """

    handshake_s: float = 10.0
    request_s: float = 20.0
    read_s: float = 15.0
    content_s: float = 2.0


class RdapConnection(RequestHandler):
    """Serves one client; tells when it has ended."""

    __slots__ = ("_answering", "_ended", "_read_s", "_unread", "_wire")

    def __init__(
        self, server: Server, answering: RdapAnswering, deadlines: Deadlines, ended: Callable[[], None]
    ) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=cast("logging.Logger", None),  # its type has forgotten that None means none
            keepalive_timeout=deadlines.request_s,
            lingering_time=deadlines.content_s,
            max_line_size=_URI_OCTETS,
            max_field_size=_HEADER_OCTETS,
            max_headers=_HEADERS,
        )
        self._answering = answering
        self._read_s = deadlines.read_s
        self._ended = ended
        self._unread: asyncio.TimerHandle | None = None
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        # uvloop's transports do not derive from asyncio's.
        self._wire = cast("asyncio.Transport", transport)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take what was sent; a name in raw UTF-8 goes to the parser, which knows only ASCII, as its URI."""
        super().data_received(data if data.isascii() else _RAW.sub(_percent_encoded, data))

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
            self._unread = asyncio.get_running_loop().call_later(self._read_s, self._drop_unread)

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
        elif exc is not None and exc.args == _TOO_MANY_HEADERS:
            status = 431
        elif status != HTTPStatus.BAD_REQUEST:
            _log.error("rdap-failed", error=type(exc).__name__)
            status = 500
        return cast("StreamResponse", self._answering.error(request, status, closes=True))

    def log_exception(self, *_args: Any, **_options: Any) -> None:
        """Keep the library's words, which quote requests, out of the log."""
        _log.error("rdap-connection-failed")


class RdapProtocols:
    """Makes connections for a listener, and ends them together."""

    def __init__(self, answering: RdapAnswering, deadlines: Deadlines) -> None:
        self._answering = answering
        self._deadlines = deadlines
        self._server = Server(answering)

    def __call__(self, ended: Callable[[], None]) -> RdapConnection:
        """Return the protocol of a new connection, which calls `ended` at its end."""
        return RdapConnection(self._server, self._answering, self._deadlines, ended)

    async def close(self, seconds: float) -> None:
        """Let what is being answered be answered, for so long; end the rest."""
        self._server.pre_shutdown()
        await self._server.shutdown(seconds)
