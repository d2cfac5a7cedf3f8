"""An authoritative DNS server on loopback for the zones of the demonstration and the tests (RFC 1035).

It answers over UDP and TCP from a table of records, says NXDOMAIN for names it does not know, and
fails on demand. It caches nothing and forwards nothing.
"""

import asyncio
from collections import defaultdict
from types import TracebackType
from typing import Self, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

_UDP_LIMIT = 1232  # octets; the size that passes everywhere (RFC 9715)
_TCP_LIMIT = 65535
_TTL_S = 60
_MAX_ALIASES = 8  # a zone under test may hold a loop

RecordKey = tuple[dns.name.Name, dns.rdatatype.RdataType]


class DnsServer:
    """DNS on 127.0.0.1, UDP and TCP on the same port.

    Attributes:
        port: Chosen by the system when 0 was asked for.
        queries: Every question in order, as (name without final dot, type).
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.queries: list[tuple[str, str]] = []
        self._records: dict[RecordKey, list[dns.rdata.Rdata]] = defaultdict(list)
        self._failures: dict[dns.name.Name, dns.rcode.Rcode] = {}
        self._secure: set[dns.name.Name] = set()
        self._ignored: set[dns.name.Name] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    @property
    def nameserver(self) -> str:
        """Address for the configuration key `dns.nameservers`."""
        return f"127.0.0.1:{self.port}"

    def set(self, name: str, rdtype: str, *values: str) -> None:
        """Replace the records of a name and type; values in zone file form, TXT without quotes.

        An absolute or relative `name` is taken as absolute. No value removes the records.
        """
        kind = dns.rdatatype.from_text(rdtype)
        owner = dns.name.from_text(name)
        self._records[owner, kind] = [_rdata(kind, value) for value in values]

    def fail(self, name: str, rcode: str = "SERVFAIL") -> None:
        """Answer every question about `name` with an error code, until `recover`."""
        self._failures[dns.name.from_text(name)] = dns.rcode.from_text(rcode)

    def recover(self, name: str) -> None:
        """Answer again after `fail`."""
        self._failures.pop(dns.name.from_text(name), None)

    def ignore(self, name: str) -> None:
        """Never answer a question about `name` or below, until `heed`."""
        self._ignored.add(dns.name.from_text(name))

    def heed(self, name: str) -> None:
        """Answer again after `ignore`."""
        self._ignored.discard(dns.name.from_text(name))

    def secure(self, name: str) -> None:
        """Say of every answer about `name` and below that DNSSEC proves it (AD), as a resolver would."""
        self._secure.add(dns.name.from_text(name))

    def answer(self, wire: bytes, limit: int | None = None) -> bytes | None:
        """Return the answer to a query in wire form, or None for what gets none.

        Args:
            wire: The message as received.
            limit: Octets that the transport takes; a longer answer is truncated (TC).
        """
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        question = query.question[0]
        self.queries.append(
            (question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype))
        )
        if any(question.name.is_subdomain(name) for name in self._ignored):
            return None
        self._fill(response, question.name, question.rdtype)
        if any(question.name.is_subdomain(name) for name in self._secure):
            response.flags |= dns.flags.AD
        encoded = response.to_wire(max_size=_TCP_LIMIT)
        if limit is not None and len(encoded) > limit:
            response.answer.clear()
            response.flags |= dns.flags.TC
            encoded = response.to_wire()
        return encoded

    def _fill(
        self, response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> None:
        # RFC 4343: names compare without case; dnspython's Name does.
        if name in self._failures:
            response.set_rcode(self._failures[name])
            return
        alias = self._records.get((name, dns.rdatatype.CNAME))
        if alias and rdtype != dns.rdatatype.CNAME:
            if len(response.answer) >= _MAX_ALIASES:
                response.set_rcode(dns.rcode.SERVFAIL)
                return
            response.answer.append(dns.rrset.from_rdata_list(name, _TTL_S, alias))
            self._fill(response, dns.name.from_text(str(alias[0])), rdtype)
            return
        records = self._records.get((name, rdtype))
        if records:
            response.answer.append(dns.rrset.from_rdata_list(name, _TTL_S, records))
            return
        if not response.answer and not self._exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._add_soa(response, name)

    def _add_soa(self, response: dns.message.Message, name: dns.name.Name) -> None:
        # RFC 2308 section 3: it says how long the answer that there is nothing may be kept.
        for (owner, kind), records in self._records.items():
            if kind == dns.rdatatype.SOA and records and name.is_subdomain(owner):
                response.authority.append(dns.rrset.from_rdata_list(owner, _TTL_S, records))

    def _exists(self, name: dns.name.Name) -> bool:
        # RFC 8020: a name exists when anything below it does.
        return any(records and owner.is_subdomain(name) for (owner, _), records in self._records.items())

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve_tcp, "127.0.0.1", self.port)
        self.port = self._tcp.sockets[0].getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _UdpProtocol(self), local_addr=("127.0.0.1", self.port)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            await self._tcp.wait_closed()

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                encoded = self.answer(await reader.readexactly(size))
                if encoded is None:
                    break
                writer.write(len(encoded).to_bytes(2, "big") + encoded)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has what it wanted
        finally:
            writer.close()


class _UdpProtocol(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own datagram transport does not derive from DatagramTransport.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        encoded = self._server.answer(data, _UDP_LIMIT)
        if encoded is not None and self._transport is not None:
            self._transport.sendto(encoded, addr)


def _rdata(kind: dns.rdatatype.RdataType, value: str) -> dns.rdata.Rdata:
    if kind == dns.rdatatype.TXT:
        # RFC 1035 section 3.3.14: character-strings of at most 255 octets each.
        chunks = [value[start : start + 255] for start in range(0, len(value), 255)] or [""]
        value = " ".join('"' + chunk.replace("\\", "\\\\").replace('"', '\\"') + '"' for chunk in chunks)
    return dns.rdata.from_text(dns.rdataclass.IN, kind, value, dns.name.root, relativize=False)
