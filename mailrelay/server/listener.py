"""The listening sockets, the look at deadlines, and the end."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress

from mailrelay.inbound import Inbound
from mailrelay.server.commands import Connection
from mailrelay.server.limits import ServerLimits
from mailrelay.server.state import Network, ServerState
from mailrelay.server.tls import HANDSHAKE_S, TlsProvider, following

# aiosmtpd writes peers to these.
for _name in ("mail.log", "mail.debug"):
    logging.getLogger(_name).disabled = True

_BACKLOG = 512


class MailServer:
    """Listens for mail.

    Args:
        inbound: Decides.
        host: Address to listen on.
        port: 0 lets the system choose.
        hostname: Name in the banner and the answer to EHLO.
        tls: Gives the context for STARTTLS; None offers none.
        tls_port: Where TLS comes before everything else, given `tls`; None listens nowhere.
        proxies: Networks of balancers, whose connections to `port` begin with a PROXY header.
        greet_delay_s: How long clients of a network not seen before wait for the banner.
        limits: See there.

    Attributes:
        ports: In use after `start`, by listener: `smtp`, and `smtps` where there is one.
    """

    def __init__(  # noqa: PLR0913 - all of them are settings of a listener
        self,
        inbound: Inbound,
        *,
        host: str,
        port: int,
        hostname: str,
        tls: TlsProvider | None = None,
        tls_port: int | None = None,
        proxies: Sequence[Network] = (),
        greet_delay_s: float = 0.0,
        limits: ServerLimits | None = None,
    ) -> None:
        self._state = ServerState(inbound, hostname, limits or ServerLimits(), tls, proxies, greet_delay_s)
        self._host = host
        self.ports = {"smtp": port}
        if tls is not None and tls_port is not None:
            self.ports["smtps"] = tls_port
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._state.open)

    async def start(self, sockets: Mapping[str, socket.socket] | None = None) -> None:
        """Listen.

        Args:
            sockets: Listening sockets by the names in `ports`, opened by somebody else; without them they
                are opened here.

        Raises:
            OSError: An address cannot be had.
        """
        tls = self._state.tls
        contexts = {"smtps": following(tls)} if "smtps" in self.ports and tls else {}
        for name, port in self.ports.items():
            given = sockets[name] if sockets is not None else None
            self.ports[name] = await self._listen(port, contexts.get(name), given)
        self._expire()

    async def close(self) -> None:
        """Stop listening, let messages under way arrive, be stored and answered, and hang up."""
        if not self._servers:
            return
        for server in self._servers:
            server.close()
        limit_s = self._state.limits.shutdown_s
        with suppress(TimeoutError):
            await asyncio.wait_for(self._state.under_way.quiet.wait(), limit_s)
        tasks = [connection.hang_up_for_shutdown() for connection in list(self._state.open)]
        if running := [task for task in tasks if task is not None]:
            await asyncio.wait(running, timeout=limit_s)
        if self._sweep is not None:
            self._sweep.cancel()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _listen(self, port: int, context: ssl.SSLContext | None, given: socket.socket | None) -> int:
        address = {"sock": given} if given is not None else {"host": self._host, "port": port}
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._state),
            **address,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_S if context else None,
            backlog=_BACKLOG,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _expire(self) -> None:
        """Look at every connection's deadline; one timer does for all."""
        loop = asyncio.get_running_loop()
        self._sweep = loop.call_later(self._state.limits.resolution_s, self._expire)
        now = loop.time()
        for connection in list(self._state.open):
            connection.expire(now)
