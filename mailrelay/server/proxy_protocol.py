"""The PROXY protocol (haproxy.org, versions 1 and 2): who stands behind a balancer. aiosmtpd parses it."""

from collections.abc import Awaitable, Callable

from aiosmtpd.proxy_protocol import AF, PROTO, V2_CMD, get_proxy

_MAX_HEADER_OCTETS = 1024  # the longest of version 2 with addresses has 52, and room for its extensions


class NoProxyHeader(Exception):
    """A connection from a balancer does not begin with a PROXY header; nobody knows whose it is."""


async def client_address(reader: "BufferReader") -> str | None:
    """Read the header; return the client's address, or None where the balancer speaks for itself.

    Raises:
        NoProxyHeader: There is none, or it is malformed.
    """
    header = await get_proxy(reader)
    if not header.valid:
        raise NoProxyHeader
    # A check of health, by version 2 or as UNKNOWN of version 1: no client stands behind.
    if header.command == V2_CMD.LOCAL or header.family not in {AF.INET, AF.INET6}:
        return None
    if header.protocol != PROTO.STREAM or header.src_addr is None:
        raise NoProxyHeader
    return str(header.src_addr)


class BufferReader:
    """As much of a stream as the parser asks for, over the buffer of a connection.

    Args:
        buffer: Where octets arrive; what is read is taken out.
        more: Waits for more of them.
    """

    def __init__(self, buffer: bytearray, more: Callable[[], Awaitable[None]]) -> None:
        self._buffer = buffer
        self._more = more
        self._left = _MAX_HEADER_OCTETS

    async def read(self, n: int = _MAX_HEADER_OCTETS) -> bytes:
        """Return between one and so many octets."""
        while not self._buffer:
            await self._more()
        return self._take(min(n, len(self._buffer)))

    async def readexactly(self, n: int) -> bytes:
        """Return so many octets."""
        while len(self._buffer) < n:
            await self._more()
        return self._take(n)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Return octets up to and with the separator."""
        while (found := self._buffer.find(separator)) < 0:
            if len(self._buffer) > self._left:
                raise NoProxyHeader
            await self._more()
        return self._take(found + len(separator))

    def _take(self, octets: int) -> bytes:
        self._left -= octets
        if self._left < 0:
            raise NoProxyHeader
        taken = bytes(self._buffer[:octets])
        del self._buffer[:octets]
        return taken
