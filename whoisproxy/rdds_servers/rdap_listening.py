"""The door of the RDAP server: who may connect, decided before anything is done for the connection.

asyncio's own servers make the protocol, and with TLS shake hands, before anybody can ask who it is. Here an
address of a network that has too many connections, or opens them too fast, is let go at once: that costs a
system call or two, an answer over TLS many times as much.
"""

import asyncio
import socket
import ssl
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter

from mailrelay.server.tls import TlsProvider
from whoisproxy.rdds_servers.accepting import Acceptor
from whoisproxy.rdds_servers.rdap_connections import Deadlines, RdapConnection
from whoisproxy.request_limits import PrefixLimits, is_loopback, prefix

_log = structlog.get_logger()
_REFUSED = Counter("whoisproxy_rdap_connections_refused", "RDAP connections closed at the door")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections are held.

    Attributes:
        per_minute: New ones of a /24 (IPv4) or /56 (IPv6); so is `per_prefix`, at one time.
        total: At one time, from everywhere; beyond it the oldest gives way to a new one.
        behind_proxy: Whether those from this machine are a proxy's, and so belong to no network.
        deadlines: Of each connection.
    """

    per_minute: int
    per_prefix: int = 50
    total: int = 1000
    behind_proxy: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)


@dataclass(eq=False, slots=True)
class _Place:
    """What one connection takes up, from the first octet to the last."""

    network: str
    connection: RdapConnection | None = None
    opening: asyncio.Task[None] | None = field(default=None)

    def clear(self) -> None:
        """Make the connection end."""
        if self.opening is not None:
            self.opening.cancel()
        if self.connection is not None:
            self.connection.abort()


class RdapListener:
    """Accepts connections on any number of sockets."""

    def __init__(
        self,
        protocol: Callable[[Callable[[], None]], RdapConnection],
        limits: ConnectionLimits,
        tls: TlsProvider | None,
        clock: Callable[[], float],
    ) -> None:
        """Serve each connection with a `protocol`, given what to call at its end."""
        self._protocol = protocol
        self._limits = limits
        self._rate = PrefixLimits(limits.per_minute, clock)
        self._tls = tls
        self._places: dict[_Place, None] = {}
        self._per_prefix: Tally[str] = Tally()
        self._acceptor = Acceptor(self._admit, "rdap-accept-failed")

    def listen(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept from listening sockets, which are closed at the end."""
        self._acceptor.listen(sockets)

    def close(self) -> None:
        """Let nobody in any more."""
        self._acceptor.close()
        for place in tuple(self._places):
            if place.opening is not None:
                place.clear()

    def _admit(self, connection: socket.socket, address: str) -> None:
        network = "" if self._limits.behind_proxy and is_loopback(address) else prefix(address)
        if network and (self._per_prefix[network] >= self._limits.per_prefix or self._rate.take(network) > 0):
            _REFUSED.inc()
            connection.close()
            return
        place = _Place(network)
        self._places[place] = None
        self._per_prefix[network] += 1
        if len(self._places) > self._limits.total:
            next(iter(self._places)).clear()
        place.opening = asyncio.get_running_loop().create_task(self._open(place, connection))

    async def _open(self, place: _Place, connection: socket.socket) -> None:
        connection.setblocking(False)  # noqa: FBT003 - its only parameter

        def protocol() -> RdapConnection:
            place.connection = self._protocol(lambda: self._leave(place))
            return place.connection

        try:
            await self._connect(protocol, connection)
        except (OSError, ssl.SSLError, asyncio.CancelledError):
            # Whoever opens no connection, or breaks TLS, is heard of no more.
            connection.close()
            self._leave(place)
        finally:
            place.opening = None

    async def _connect(self, protocol: Callable[[], RdapConnection], connection: socket.socket) -> None:
        loop, seconds = asyncio.get_running_loop(), self._limits.deadlines.handshake_s
        if self._tls is None:
            await loop.connect_accepted_socket(protocol, connection)
        else:
            await loop.connect_accepted_socket(
                protocol,
                connection,
                ssl=self._tls(),
                ssl_handshake_timeout=seconds,
                ssl_shutdown_timeout=seconds,
            )

    def _leave(self, place: _Place) -> None:
        if place not in self._places:
            return
        del self._places[place]
        self._per_prefix[place.network] -= 1
        if not self._per_prefix[place.network]:
            del self._per_prefix[place.network]
