"""The name servers: ask one, then the next, and ask none that is dead (RFC 1035, RFC 5452, RFC 6891).

A server that leaves several questions in a row unanswered is asked for the root, which every resolver
knows at once. If it is silent to that too, it gets no more questions, and whoever asks is told so without
waiting, until it answers for the root again. So a dead resolver costs each message nothing, and names
whose own servers are dead, which a stranger may send us in any number, do not make it look dead.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from mailrelay.errors import TemporaryMailError

_SILENCES = 3  # questions in a row without an answer after which a server has to prove that it is there
_PROBE_PAUSE_S = 1.0
_ROUNDS = 2  # a datagram may get lost
_PAYLOAD_OCTETS = 1232  # RFC 9715: passes everywhere unfragmented
_RECEIVED_OCTETS = 65535
_HEAD_OCTETS = 12  # RFC 1035 section 4.1.1
_RESPONSE = 0x80
# One question, one additional record. RFC 6840 section 5.7: AD in a query asks for AD in the response,
# without the signatures.
_QUERY_HEAD = struct.pack("!HHHHH", dns.flags.RD | dns.flags.AD, 1, 0, 0, 1)
# RFC 6891 section 6.1.2: root, type OPT, payload in place of the class, nothing else.
_EDNS = struct.pack("!BHHIH", 0, dns.rdatatype.OPT, _PAYLOAD_OCTETS, 0, 0)
_MOST_AT_ONCE = 200  # each takes a socket
_ANSWERED = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


class DnsTemporaryError(TemporaryMailError):
    """The DNS did not answer, or with an error other than NXDOMAIN; ask again later."""

    def __init__(self) -> None:
        super().__init__(451, "4.4.3", "Temporary failure, please try again later", "dns-temporary")


class Query:
    """One question as it goes over the wire, under a random id (RFC 5452 section 9.1)."""

    def __init__(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
        self._name = name
        self._kind = kind
        self._question = name.to_digestable() + struct.pack("!HH", kind, dns.rdataclass.IN)
        self.wire = secrets.token_bytes(2) + _QUERY_HEAD + self._question + _EDNS

    def is_answered_by(self, wire: bytes) -> bool:
        """Return whether a datagram has our id and repeats our question; names compare without case."""
        repeated = wire[_HEAD_OCTETS : _HEAD_OCTETS + len(self._question)]
        is_response = len(wire) > _HEAD_OCTETS and wire[2] & _RESPONSE
        return bool(is_response) and wire[:2] == self.wire[:2] and repeated.lower() == self._question.lower()

    def message(self) -> dns.message.QueryMessage:
        """Return the same as the library has it."""
        query = dns.message.make_query(self._name, self._kind, use_edns=0, payload=_PAYLOAD_OCTETS)
        query.flags |= dns.flags.AD
        return query


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
        query = Query(name, kind)
        try:
            async with asyncio.timeout(self._lifetime_s):
                return await self._ask(query)
        except TimeoutError:
            raise DnsTemporaryError from None

    async def _ask(self, query: Query) -> dns.message.QueryMessage:
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
        self._family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
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

    async def ask(self, query: Query) -> dns.message.QueryMessage | None:
        """Return any response to `query`, or None where there was none in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                response = dns.message.from_wire(await self._exchange(query), ignore_trailing=True)
                if response.flags & dns.flags.TC:
                    response = await dns.asyncquery.tcp(query.message(), self._host, port=self._port)
        except (dns.exception.DNSException, OSError, EOFError):
            self._silences += 1
            return None
        self._silences, self._dead = 0, False
        return response if isinstance(response, dns.message.QueryMessage) else None

    async def _exchange(self, query: Query) -> bytes:
        """Send a datagram and return the response to it; a socket of its own gives it a port of its own.

        A connected socket takes datagrams of this server only, and learns at once where nobody listens.
        """
        loop = asyncio.get_running_loop()
        with socket.socket(self._family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.connect((self._host, self._port))
            sock.send(query.wire)
            while True:
                wire = await loop.sock_recv(sock, _RECEIVED_OCTETS)
                if query.is_answered_by(wire):
                    return wire

    async def _ask_for_the_root(self) -> None:
        if await self.ask(Query(dns.name.root, dns.rdatatype.SOA)) is None:
            self._dead = True
            await asyncio.sleep(_PROBE_PAUSE_S)
