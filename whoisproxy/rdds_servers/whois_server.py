"""WHOIS (RFC 3912): one line in, one text out, and the connection ends.

Whoever asks gets an answer or a reason within the deadline; a slow, oversized or broken query costs one
small buffer until then. The text of an answer comes from `publication.whois`. Nothing here logs or counts
by name.
"""

import asyncio
import socket
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import structlog
from prometheus_client import Counter

from whoisproxy.domain.errors import InvalidInput, Unavailable
from whoisproxy.publication import whois
from whoisproxy.publication.answer import ObjectKind, Question, View
from whoisproxy.rdds_servers.queries import Publisher, answered, queried_name
from whoisproxy.request_limits import PrefixLimits, prefix

_log = structlog.get_logger()
_QUERIES = Counter("whoisproxy_whois_queries", "WHOIS queries by outcome", ["outcome"])

_MAX_QUERY_OCTETS = 512
# What a refused peer may still send before it is cut off; read, because closing on unread data
# makes TCP throw away the answer (RFC 1122 section 4.2.2.13).
_MAX_IGNORED_OCTETS = 65_536

# Outcome in log and metric -> text.
_TEXTS = {
    "help": (
        "% Send one domain name, in A-labels or U-labels (UTF-8), and CRLF.",
        "% The answer is text in UTF-8, as in RFC 3912. RDAP (RFC 9082) tells the same in JSON.",
    ),
    "not-found": ("No match for this domain.",),
    "bad-query": ("% Error: this is not a domain name in UTF-8. Send HELP for help.",),
    "too-long": ("% Error: the query is longer than 512 octets.",),
    "unfinished": ("% Error: the query must end with CRLF (RFC 3912).",),
    "timeout": ("% Error: no complete query, or no answer, in time.",),
    "limited": ("% Error: too many queries from your network. Try again later.",),
    "busy": ("% Error: too many connections. Try again later.",),
    "closing": ("% Error: the service is going down. Try again later.",),
    "unavailable": ("% Error: the database does not answer now. Try again later.",),
    "failed": ("% Error: the query failed here.",),
}
_ANSWERS = {outcome: whois.encode(list(lines)) for outcome, lines in _TEXTS.items()}

# What goes wrong here, or may be an attack, leaves a line; the rest is counted.
_LOGGED = frozenset({"bad-query", "too-long", "unfinished", "timeout", "busy"})


@dataclass(frozen=True, slots=True)
class WhoisLimits:
    """How much the server takes.

    Attributes:
        requests_per_minute: Per /24 (IPv4) or /56 (IPv6); so is `connections_per_prefix`.
        connections: At one time, from everywhere.
        deadline_s: From the connection to the last octet of the answer.
    """

    requests_per_minute: int
    connections: int = 1000
    connections_per_prefix: int = 50
    deadline_s: float = 10.0


class WhoisServer:
    """Listens and answers; used like an `asyncio.Server`."""

    def __init__(self, publisher: Publisher, limits: WhoisLimits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._publisher = publisher
        self._rate = PrefixLimits(limits.requests_per_minute, clock)
        self._sessions: set[_Session] = set()
        self._per_prefix: Tally[str] = Tally()
        self._idle = asyncio.Event()
        self._idle.set()
        self._servers: list[asyncio.Server] = []

    async def listen(self, host: str, port: int) -> None:
        """Start to accept connections; port 0 lets the system choose."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(lambda: _Session(self), host, port))

    async def listen_on(self, sockets: Iterable[socket.socket]) -> None:
        """Start to accept connections from sockets that listen; they belong to the server from here on."""
        loop = asyncio.get_running_loop()
        for one in sockets:
            self._servers.append(await loop.create_server(lambda: _Session(self), sock=one))

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._servers[0].sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Accept nothing more; queries that are being answered go on, connections that only wait end."""
        for server in self._servers:
            server.close()
        for session in tuple(self._sessions):
            session.server_closes()

    async def wait_closed(self) -> None:
        """Return when the last connection has ended: at most `deadline_s` after `close`."""
        await self._idle.wait()
        for server in self._servers:
            await server.wait_closed()

    def enter(self, session: "_Session") -> str:
        """Note a new connection; return why it is refused, or ""."""
        self._sessions.add(session)
        self._idle.clear()
        self._per_prefix[session.prefix] += 1
        if (
            len(self._sessions) > self.limits.connections
            or self._per_prefix[session.prefix] > self.limits.connections_per_prefix
        ):
            return "busy"
        return "limited" if self._rate.take(session.prefix) else ""

    def leave(self, session: "_Session") -> None:
        """Forget a connection that has ended."""
        self._sessions.discard(session)
        self._per_prefix[session.prefix] -= 1
        if not self._per_prefix[session.prefix]:
            del self._per_prefix[session.prefix]
        if not self._sessions:
            self._idle.set()

    async def answer(self, query: bytes) -> tuple[str, bytes]:
        """Return outcome and text for a query line without its end."""
        try:
            return await self._answer(query)
        except (InvalidInput, UnicodeDecodeError):
            return "bad-query", _ANSWERS["bad-query"]
        except Unavailable:
            _log.warning("whois-unavailable")
            return "unavailable", _ANSWERS["unavailable"]
        except Exception:  # noqa: BLE001 - the peer gets an answer whatever breaks; `_log` keeps the place
            _log.exception("whois-failed")
            return "failed", _ANSWERS["failed"]

    async def _answer(self, query: bytes) -> tuple[str, bytes]:
        text = query.decode().strip()
        if text.lower() in {"", "?", "help"}:
            return "help", _ANSWERS["help"]
        name = queried_name(text)
        question = Question(View.WHOIS, ObjectKind.DOMAIN, name.a_label) if name else None
        answer = await answered(self._publisher, question) if question else None
        if answer is None:
            return "not-found", _ANSWERS["not-found"]
        return "found", answer.body


class _Session(asyncio.Protocol):
    """One connection: waits for a line, answers, closes."""

    def __init__(self, server: WhoisServer) -> None:
        self.prefix = ""
        self._server = server
        self._buffer = b""
        self._ignored_octets = 0
        self._answered = False
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.prefix = prefix(peer[0]) if peer else ""
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._server.limits.deadline_s, self._expire)
        refusal = self._server.enter(self)
        if refusal == "busy":
            # No lingering here: the cap on connections is there to hold.
            self._finish(refusal, _ANSWERS[refusal])
        elif refusal:
            self._refuse(refusal)

    def data_received(self, data: bytes) -> None:
        if self._answered or self._task is not None:
            self._ignore(len(data))
            return
        self._buffer += data
        line, end, _ = self._buffer.partition(b"\n")
        if len(line) > _MAX_QUERY_OCTETS:
            self._buffer = b""
            self._refuse("too-long")
        elif end:
            self._task = asyncio.get_running_loop().create_task(self._answer(line))

    def eof_received(self) -> bool:
        """Keep our half open while there is something to say."""
        if self._answered:
            self._transport.close()
        elif self._task is None:
            self._finish("unfinished", _ANSWERS["unfinished"])
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls with it
        self._deadline.cancel()
        if self._task is not None:
            self._task.cancel()
        self._server.leave(self)

    def server_closes(self) -> None:
        """End the connection unless a query is being answered."""
        if self._task is None and not self._answered:
            self._finish("closing", _ANSWERS["closing"])

    async def _answer(self, line: bytes) -> None:
        outcome, text = await self._server.answer(line)
        self._finish(outcome, text)

    def _finish(self, outcome: str, text: bytes) -> None:
        if self._say(outcome, text):
            self._transport.close()

    def _refuse(self, outcome: str) -> None:
        """Say why, and read on until the peer is done, so that it gets to see the reason."""
        if self._say(outcome, _ANSWERS[outcome]):
            self._transport.write_eof()

    def _say(self, outcome: str, text: bytes) -> bool:
        if self._answered or self._transport.is_closing():
            return False
        self._answered = True
        _QUERIES.labels(outcome).inc()
        if outcome in _LOGGED:
            _log.info("whois-refused", outcome=outcome)
        self._transport.write(text)
        return True

    def _ignore(self, octets: int) -> None:
        self._ignored_octets += octets
        if self._ignored_octets > _MAX_IGNORED_OCTETS:
            self._transport.abort()

    def _expire(self) -> None:
        self._finish("timeout", _ANSWERS["timeout"])
        if self._task is not None:
            self._task.cancel()
        # Whoever has not read by now does not read at all; what fits in the socket has been sent.
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()


async def start_whois(
    publisher: Publisher,
    host: str,
    port: int,
    limits: WhoisLimits,
    clock: Callable[[], float] = time.monotonic,
) -> WhoisServer:
    """Return a server that listens; stop it with `close` and `wait_closed`."""
    server = WhoisServer(publisher, limits, clock)
    await server.listen(host, port)
    return server
