"""WHOIS (RFC 3912): one line in, one text out, and the connection ends.

A connection reaches us with its first octets (TCP_DEFER_ACCEPT), and what is ready is sent at once, without a
transport, a task or a timer: so the usual query costs less than the simplest `asyncio.Protocol`, and one that
is refused still less. Any other connection becomes a `WhoisSession`. Nothing here logs or counts by name, and
no query leaves a line in the log.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily

from whoisproxy.domain.errors import InvalidInput, Unavailable
from whoisproxy.publication.answer import MISSING
from whoisproxy.rdds_servers.accepting import Acceptor
from whoisproxy.rdds_servers.queries import Publisher, answered
from whoisproxy.rdds_servers.whois_outcomes import TEXTS, Ending, Outcome, not_found
from whoisproxy.rdds_servers.whois_queries import MAX_OCTETS, Help, plain_question, read_question
from whoisproxy.rdds_servers.whois_session import WhoisSession
from whoisproxy.request_limits import PrefixLimits, prefix

_log = structlog.get_logger()
# Plain numbers: a counter of Prometheus takes a lock each time.
_COUNTS = dict.fromkeys(Outcome, 0)

# A client that sends nothing is the kernel's alone for so long; one that does is not slowed down.
_DEFER_S = 1
_READ_OCTETS = 4096

_LIMITED: Ending = Outcome.LIMITED, TEXTS[Outcome.LIMITED]
_BUSY: Ending = Outcome.BUSY, TEXTS[Outcome.BUSY]


class _Counts:
    """Tells Prometheus what was counted."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the one metric."""
        queries = CounterMetricFamily(
            "whoisproxy_whois_queries", "WHOIS queries by outcome", labels=["outcome"]
        )
        for outcome, count in _COUNTS.items():
            queries.add_metric([outcome], count)
        yield queries


REGISTRY.register(_Counts())


@dataclass(frozen=True, slots=True)
class WhoisLimits:
    """How much the server takes.

    Attributes:
        requests_per_minute: Per /24 (IPv4) or /56 (IPv6); so is `connections_per_prefix`.
        connections: At one time, from everywhere, of those that are not answered at once.
        deadline_s: From the first octet to the last one of the answer.
    """

    requests_per_minute: int
    connections: int = 1000
    connections_per_prefix: int = 50
    deadline_s: float = 10.0


class WhoisServer:
    """Answers on any number of listening sockets."""

    def __init__(
        self, publisher: Publisher, limits: WhoisLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._publisher = publisher
        self._rate = PrefixLimits(limits.requests_per_minute, clock)
        # Oldest first.
        self._sessions: dict[WhoisSession, None] = {}
        self._opening: set[asyncio.Task[object]] = set()
        self._per_prefix: dict[str, int] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.get_running_loop()
        self._acceptor = Acceptor(self._admit, "whois-accept-failed")
        self._port = 0

    def listen(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept connections from sockets that listen; they belong to the server from here on."""
        sockets = list(sockets)
        self._port = sockets[0].getsockname()[1]
        for one in sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _DEFER_S)
        self._acceptor.listen(sockets)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    async def close(self) -> None:
        """Let nobody in, finish what is being answered, which takes `deadline_s` at most, end the rest."""
        self._acceptor.close()
        for session in tuple(self._sessions):
            session.server_closes()
        await self._idle.wait()
        if self._sweep is not None:
            self._sweep.cancel()

    def _admit(self, connection: socket.socket, address: str) -> None:
        try:
            self._serve(connection, prefix(address))
        except OSError:
            # Whoever breaks off is heard of no more.
            connection.close()

    def _serve(self, connection: socket.socket, network: str) -> None:
        """Answer at once, or begin a session."""
        refused = self._rate.take(network)
        try:
            # A refused query is read as well: closing on unread data makes TCP throw away the answer
            # (RFC 1122 section 4.2.2.13).
            data = connection.recv(_READ_OCTETS, socket.MSG_DONTWAIT)
        except BlockingIOError:
            data = b""
        ending = _LIMITED if refused else self._at_once(data)
        if ending is not None:
            self._end(connection, network, ending)
        elif self._is_full(network):
            self._end(connection, network, _BUSY)
        else:
            self._begin(connection, network, data)

    def _at_once(self, data: bytes) -> Ending | None:
        """Return the answer to a query that takes no time; None for any other, and for what is none."""
        line, end, _ = data.partition(b"\n")
        question = plain_question(line) if end and len(line) <= MAX_OCTETS else None
        found = self._publisher.ready(question) if question is not None else None
        if found is None:
            return None
        return not_found(question) if found is MISSING else (Outcome.FOUND, found.body)

    def _end(self, connection: socket.socket, network: str, ending: Ending) -> None:
        outcome, text = ending
        _COUNTS[outcome] += 1
        sent = connection.send(text, socket.MSG_DONTWAIT)
        if sent == len(text) or self._is_full(network):
            connection.close()
        else:
            self._begin(connection, network, unsent=text[sent:])

    def _is_full(self, network: str) -> bool:
        return (
            len(self._sessions) >= self._limits.connections
            or self._per_prefix.get(network, 0) >= self._limits.connections_per_prefix
        )

    def _begin(
        self, connection: socket.socket, network: str, received: bytes = b"", unsent: bytes = b""
    ) -> None:
        session = WhoisSession(self, network, self._loop.time(), received, unsent)
        self._sessions[session] = None
        self._per_prefix[network] = self._per_prefix.get(network, 0) + 1
        self._idle.clear()
        if self._sweep is None:
            self._sweep = self._loop.call_at(session.since + self._limits.deadline_s, self._expire)
        opening = self._loop.create_task(self._open(session, connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open(self, session: WhoisSession, connection: socket.socket) -> None:
        connection.setblocking(False)  # noqa: FBT003 - its only parameter
        try:
            await self._loop.connect_accepted_socket(lambda: session, connection)
        except OSError:
            connection.close()
            self.leave(session)

    def leave(self, session: WhoisSession) -> None:
        """Forget a session that has ended."""
        del self._sessions[session]
        left = self._per_prefix[session.network] - 1
        if left:
            self._per_prefix[session.network] = left
        else:
            del self._per_prefix[session.network]
        if not self._sessions:
            self._idle.set()

    def count(self, outcome: Outcome) -> None:
        """Note how a query has ended."""
        _COUNTS[outcome] += 1

    async def answer(self, line: bytes) -> Ending:
        """Return the answer to any line, without its end."""
        try:
            return await self._answer(line)
        except Help:
            outcome = Outcome.HELP
        except InvalidInput:
            outcome = Outcome.BAD_QUERY
        except Unavailable:
            outcome = Outcome.UNAVAILABLE
        except Exception:  # noqa: BLE001 - the peer gets an answer whatever breaks; `_log` keeps the place
            _log.exception("whois-failed")
            outcome = Outcome.FAILED
        return outcome, TEXTS[outcome]

    async def _answer(self, line: bytes) -> Ending:
        question = read_question(line)
        found = await answered(self._publisher, question) if question is not None else None
        return (Outcome.FOUND, found.body) if found is not None else not_found(question)

    def _expire(self) -> None:
        """End the sessions whose time is over, and come again when the next one's is."""
        latest = self._loop.time() - self._limits.deadline_s
        self._sweep = None
        for session in tuple(self._sessions):
            if session.since > latest:
                self._sweep = self._loop.call_at(session.since + self._limits.deadline_s, self._expire)
                break
            session.expire()
