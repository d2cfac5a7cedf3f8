"""A WHOIS connection that is not answered at once: it waits for a line, or for the database, and closes.

A slow, oversized or broken query costs one small buffer until the server's deadline, which no octet moves.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from whoisproxy.rdds_servers.whois_outcomes import TEXTS, Ending, Outcome
from whoisproxy.rdds_servers.whois_queries import MAX_OCTETS

# What a refused peer may still send before it is cut off; read, because closing on unread data
# makes TCP throw away the answer (RFC 1122 section 4.2.2.13).
_MAX_IGNORED_OCTETS = 65_536

_Wish = Callable[[], None]


class Server(Protocol):
    """What a session needs of the server."""

    async def answer(self, line: bytes) -> Ending:
        """Return the answer to any line, without its end."""
        ...

    def count(self, outcome: Outcome) -> None:
        """Note how a query has ended."""
        ...

    def leave(self, session: "WhoisSession") -> None:
        """Forget a session that has ended."""
        ...


class WhoisSession(asyncio.Protocol):
    """A connection.

    Attributes:
        network: What its limits are kept for.
        since: When it began, in the seconds of the loop's clock.
    """

    def __init__(
        self, server: Server, network: str, since: float, received: bytes = b"", unsent: bytes = b""
    ) -> None:
        """Begin with what the peer has sent so far, or with what it did not take at once of its answer."""
        self.network = network
        self.since = since
        self._server = server
        self._buffer = b""
        self._received = received
        self._unsent = unsent
        self._ignored_octets = 0
        self._answered = bool(unsent)
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._late: _Wish | None = None

    # A connection has a transport for both directions, whatever the general case is.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Go on where the server has stopped."""
        self._transport = transport
        if self._unsent:
            transport.write(self._unsent)
            transport.close()
        elif self._received:
            self.data_received(self._received)
        if self._late is not None:
            self._late()

    def data_received(self, data: bytes) -> None:
        """Answer once a line is complete."""
        if self._answered or self._task is not None:
            self._ignore(len(data))
            return
        line, end, _ = (self._buffer + data).partition(b"\n")
        if len(line) > MAX_OCTETS:
            self._buffer = b""
            self._refuse(Outcome.TOO_LONG)
        elif end:
            self._task = asyncio.get_running_loop().create_task(self._answer(line))
        else:
            self._buffer = line

    def eof_received(self) -> bool:
        """Keep our half open while there is something to say."""
        if self._answered and self._transport is not None:
            self._transport.close()
        elif self._task is None:
            self._finish(Outcome.UNFINISHED, TEXTS[Outcome.UNFINISHED])
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls with it
        """Stop to work for a peer that is gone."""
        if self._task is not None:
            self._task.cancel()
        self._server.leave(self)

    def server_closes(self) -> None:
        """End the connection unless a query is being answered."""
        if self._transport is None:
            self._late = self.server_closes
        elif self._task is None and not self._answered:
            self._finish(Outcome.CLOSING, TEXTS[Outcome.CLOSING])

    def expire(self) -> None:
        """End the connection: its time is over."""
        if self._transport is None:
            self._late = self.expire
            return
        self._finish(Outcome.TIMEOUT, TEXTS[Outcome.TIMEOUT])
        if self._task is not None:
            self._task.cancel()
        # Whoever has not read by now does not read at all; what fits in the socket has been sent.
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    async def _answer(self, line: bytes) -> None:
        self._finish(*await self._server.answer(line))

    def _finish(self, outcome: Outcome, text: bytes) -> None:
        if (transport := self._say(outcome, text)) is not None:
            transport.close()

    def _refuse(self, outcome: Outcome) -> None:
        """Say why, and read on until the peer is done, so that it gets to see the reason."""
        if (transport := self._say(outcome, TEXTS[outcome])) is not None:
            transport.write_eof()

    def _say(self, outcome: Outcome, text: bytes) -> asyncio.Transport | None:
        """Send the only answer; return the transport where that was not done before."""
        transport = self._transport
        if transport is None or self._answered or transport.is_closing():
            return None
        self._answered = True
        self._server.count(outcome)
        transport.write(text)
        return transport

    def _ignore(self, octets: int) -> None:
        self._ignored_octets += octets
        if self._ignored_octets > _MAX_IGNORED_OCTETS and self._transport is not None:
            self._transport.abort()
