"""RDAP over HTTP/1.1 (RFC 7480, RFC 9082), with TLS or behind a proxy that has it.

Made of a listener (who may connect), connections (HTTP by aiohttp's low-level server) and answering.
"""

import socket
import time
from collections.abc import Callable, Iterable

from mailrelay.server.tls import TlsProvider
from whoisproxy.publication.answer import Question
from whoisproxy.rdds_servers.disclosing import Discloser, Disclosing
from whoisproxy.rdds_servers.queries import Publisher
from whoisproxy.rdds_servers.rdap_answering import RdapAnswering, RdapSettings
from whoisproxy.rdds_servers.rdap_connections import RdapProtocols
from whoisproxy.rdds_servers.rdap_listening import ConnectionLimits, RdapListener

_CLOSING_S = 15.0


class RdapServer:
    """Listens and answers."""

    def __init__(  # noqa: PLR0913 - what it is made of, put together in one place
        self,
        publisher: Publisher,
        settings: RdapSettings,
        *,
        limits: ConnectionLimits | None = None,
        tls: TlsProvider | None = None,
        elsewhere: Callable[[Question], str | None] | None = None,
        discloser: Discloser | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Answer from `publisher`.

        Args:
            publisher: Answers about objects.
            settings: Where it stands and how much it takes.
            limits: How many connections are held; None derives it from the settings.
            tls: Gives the context of each connection; None listens in the clear.
            elsewhere: Returns the URL of another service for an object not held here; None knows none.
            discloser: Answers queries that carry credentials; without it these do not count.
            clock: Seconds that never go back, for the rate limits.
        """
        limits = limits or _limits(settings, tls)
        disclosing = Disclosing(discloser, clock) if discloser else None
        answering = RdapAnswering(publisher, settings, clock, elsewhere, disclosing)
        self._protocols = RdapProtocols(answering, limits.deadlines)
        self._listener = RdapListener(self._protocols, limits, tls, clock)
        self._port = 0

    def listen(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept connections from sockets that listen; they belong to the server from here on."""
        sockets = list(sockets)
        self._port = sockets[0].getsockname()[1]
        self._listener.listen(sockets)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    async def close(self) -> None:
        """Let nobody in, finish what is being answered, end the connections."""
        self._listener.close()
        await self._protocols.close(_CLOSING_S)


def _limits(settings: RdapSettings, tls: TlsProvider | None) -> ConnectionLimits:
    """Allow twice as many connections as queries, so that most of whoever asks too much are told so."""
    behind_proxy = tls is None and settings.base_url.startswith("https:")
    return ConnectionLimits(2 * settings.requests_per_minute, behind_proxy=behind_proxy)
