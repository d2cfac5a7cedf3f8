"""The name servers: ask one, then the next, and ask none that is dead.

A server that leaves several questions in a row unanswered is asked for the root, which every resolver
knows at once. If it is silent to that too, it gets no more questions, and whoever asks is told so without
waiting, until it answers for the root again. So a dead resolver costs each message nothing, and names
whose own servers are dead, which a stranger may send us in any number, do not make it look dead.
"""

import asyncio
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from mailrelay.errors import TemporaryMailError

_SILENCES = 3  # questions in a row without an answer after which a server has to prove that it is there
_PROBE_PAUSE_S = 1.0
_ROUNDS = 2  # a datagram may get lost
_PAYLOAD_OCTETS = 1232  # RFC 9715: passes everywhere unfragmented
_MOST_AT_ONCE = 200  # each takes a socket
_ANSWERED = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


class DnsTemporaryError(TemporaryMailError):
    """The DNS did not answer, or with an error other than NXDOMAIN; ask again later."""

    def __init__(self) -> None:
        super().__init__(451, "4.4.3", "Temporary failure, please try again later", "dns-temporary")


class NameServers:
    """All servers of one resolver.

    Args:
        addresses: `host:port` (IPv6 in brackets).
        timeout_s: Time given to one try at one server.
        lifetime_s: Time given to one question in all.
    """

    def __init__(self, addresses: Sequence[str], timeout_s: float, lifetime_s: float) -> None:
        try_s = min(timeout_s, lifetime_s / _ROUNDS)
        self._servers = [_Server(address, try_s) for address in addresses]
        self._lifetime_s = lifetime_s
        self._free = asyncio.Semaphore(_MOST_AT_ONCE)

    async def ask(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.message.QueryMessage:
        """Return a response of NOERROR or NXDOMAIN.

        Raises:
            DnsTemporaryError: None could be had in time, or every server is known to be dead.
        """
        query = dns.message.make_query(name, kind, use_edns=0, payload=_PAYLOAD_OCTETS)
        # RFC 6840 section 5.7: AD in a query asks for AD in the response, without the signatures.
        query.flags |= dns.flags.AD
        try:
            async with asyncio.timeout(self._lifetime_s):
                return await self._ask(query)
        except TimeoutError:
            raise DnsTemporaryError from None

    async def _ask(self, query: dns.message.QueryMessage) -> dns.message.QueryMessage:
        for _ in range(_ROUNDS):
            refused = False
            for server in self._servers:
                if server.is_dead():
                    continue
                async with self._free:
                    response = await server.ask(query)
                if response is not None and response.rcode() in _ANSWERED:
                    return response
                refused |= response is not None
            if refused:
                break  # RFC 9520 section 3.1: asking the same again would only add load
        raise DnsTemporaryError


class _Server:
    def __init__(self, address: str, timeout_s: float) -> None:
        host, _, port = address.rpartition(":")
        self._host = host.strip("[]")
        self._port = int(port)
        self._timeout_s = timeout_s
        self._silences = 0
        self._dead = False
        self._probe: asyncio.Task[None] | None = None

    def is_dead(self) -> bool:
        """Whether the server has not answered for so long that asking it is lost time."""
        if self._silences >= _SILENCES and (self._probe is None or self._probe.done()):
            self._probe = asyncio.get_running_loop().create_task(self._ask_for_the_root())
        return self._dead

    async def ask(self, query: dns.message.QueryMessage) -> dns.message.QueryMessage | None:
        """Return any response to `query`, or None where there was none in time."""
        try:
            response, _ = await dns.asyncquery.udp_with_fallback(
                query,
                self._host,
                self._timeout_s,
                self._port,
                ignore_unexpected=True,
                ignore_errors=True,
            )
        except (dns.exception.DNSException, OSError, EOFError):
            self._silences += 1
            return None
        self._silences, self._dead = 0, False
        return response if isinstance(response, dns.message.QueryMessage) else None

    async def _ask_for_the_root(self) -> None:
        if await self.ask(dns.message.make_query(dns.name.root, dns.rdatatype.SOA)) is None:
            self._dead = True
            await asyncio.sleep(_PROBE_PAUSE_S)
