"""Keep sessions with mail servers and share them out: reuse, limits, and turns for those who wait.

A place is one server under one TLS policy. Connections in use are as many as there are deliveries in
flight; what is free is bounded and closed after a short time. Whoever finds every connection of a place
taken waits in line, not for long: a slow server must not hold up the mail of all others.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mailrelay.delivery.connection import SmtpConnection
from mailrelay.delivery.refusals import HostUnavailable
from mailrelay.delivery.routing import Target


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How connections are used.

    Attributes:
        per_server: At one server at the same time.
        messages: Over one connection; then it is closed, as servers like it.
        idle_s: How long a free connection is kept.
        idle: Free connections to all servers together.
        wait_s: How long a delivery waits for a connection.
    """

    per_server: int = 20
    messages: int = 100
    idle_s: float = 5.0
    idle: int = 200
    wait_s: float = 10.0


@dataclass(slots=True)
class _Place:
    """One server.

    Attributes:
        open: Connections that are open or being opened.
        free: Those that nobody uses, the last one used at the end.
        waiting: In line; each gets a connection, or None to open one.
    """

    target: Target
    open: int = 0
    free: list[SmtpConnection] = field(default_factory=list)
    waiting: deque[asyncio.Future[SmtpConnection | None]] = field(default_factory=deque)

    def hand_on(self, connection: SmtpConnection | None) -> bool:
        """Give a connection, or the right to open one, to the first in line; return whether there is one."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False


Opening = Callable[[Target, str], Awaitable[SmtpConnection]]


class Pool:
    """Shares out connections.

    Args:
        opening: Opens a session with a server for a domain's mail.
        limits: How connections are used.
    """

    def __init__(self, opening: Opening, limits: PoolLimits) -> None:
        self._opening = opening
        self._limits = limits
        self._places: dict[Target, _Place] = {}
        self._idle: dict[SmtpConnection, _Place] = {}  # the longest free first
        self._leaving: set[SmtpConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def acquire(self, target: Target, domain: str, *, fresh: bool = False) -> SmtpConnection:
        """Return a session that nobody else uses, until `release`.

        Args:
            target: The server.
            domain: Whose mail it is.
            fresh: Whether one that was used before will not do.

        Raises:
            MailError: The server cannot be used.
        """
        place = self._places.get(target)
        if place is None:
            place = self._places[target] = _Place(target)
        while place.free:
            connection = place.free[-1]
            if connection.usable and not fresh:
                place.free.pop()
                del self._idle[connection]
                return connection
            self._drop(connection)
        self._places[target] = place
        if place.open >= self._limits.per_server:
            handed = await self._turn(place)
            if handed is not None:
                return handed
        else:
            place.open += 1
        try:
            return await self._opening(target, domain)
        except BaseException:
            self._closed(place)
            raise

    def release(self, target: Target, connection: SmtpConnection) -> None:
        """Give a session back, in whatever state it is."""
        place = self._places[target]
        if not connection.usable:
            connection.abort("given-back")
            self._closed(place)
        elif connection.sent >= self._limits.messages:
            self._leave(connection)
            self._closed(place)
        elif not place.hand_on(connection):
            self._keep(place, connection)

    async def close(self) -> None:
        """Take leave of every server that nobody is talking to."""
        for connection in list(self._idle):
            self._drop(connection)
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        if self._leaving:
            await asyncio.wait([connection.ended for connection in self._leaving])

    async def _turn(self, place: _Place) -> SmtpConnection | None:
        """Wait in line; return a connection, or None for the right to open one."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[SmtpConnection | None] = loop.create_future()
        place.waiting.append(turn)
        timer = loop.call_later(self._limits.wait_s, _too_long, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            # It may have been our turn already; the next one has it then.
            if not turn.cancelled() and turn.exception() is None:
                handed = turn.result()
                if handed is None:
                    self._closed(place)
                else:
                    self.release(place.target, handed)
            raise
        finally:
            timer.cancel()

    def _keep(self, place: _Place, connection: SmtpConnection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since_s = loop.time()
        place.free.append(connection)
        self._idle[connection] = place
        if len(self._idle) > self._limits.idle:
            self._drop(next(iter(self._idle)))
        if self._sweep is None:
            self._sweep = loop.call_later(self._limits.idle_s, self._swept)

    def _swept(self) -> None:
        loop = asyncio.get_running_loop()
        ended_s = loop.time() - self._limits.idle_s
        for connection in list(self._idle):
            if connection.idle_since_s > ended_s:
                break
            self._drop(connection)
        self._sweep = loop.call_later(self._limits.idle_s, self._swept) if self._idle else None

    def _drop(self, connection: SmtpConnection) -> None:
        place = self._idle.pop(connection)
        place.free.remove(connection)
        self._leave(connection)
        self._closed(place)

    def _leave(self, connection: SmtpConnection) -> None:
        if not connection.ended.done():
            self._leaving.add(connection)
            connection.ended.add_done_callback(lambda _: self._leaving.discard(connection))
            connection.quit()

    def _closed(self, place: _Place) -> None:
        if place.hand_on(None):
            return
        place.open -= 1
        if not place.open:
            self._places.pop(place.target, None)


def _too_long(turn: asyncio.Future[SmtpConnection | None]) -> None:
    if not turn.done():
        turn.set_exception(HostUnavailable(451, "4.4.5", "Too many connections", "server-busy"))
