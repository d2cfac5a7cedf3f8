"""Call public addresses only: a URL given by others must not reach into our own network (SSRF).

The address is checked where the connection is made, after the name was looked up, so that a name that
changes its address between check and call gains nothing. Judged by the IANA special-purpose registries
(RFC 6890) as the standard library knows them, and by what hides an IPv4 address in an IPv6 one.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

# NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380): an IPv4 address inside, maybe private.
_CARRIERS = tuple(
    IPv6Network(block) for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


def is_public(text: str) -> bool:
    """Whether an address can be reached by anybody on the Internet; False for what is no address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return _is_public(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    carried = isinstance(address, IPv6Address) and any(address in block for block in _CARRIERS)
    return address.is_global and not address.is_multicast and not carried


def may_be_called(url: URL, *, allow_private: bool) -> bool:
    """Whether the URL's host is a name, or an address that is public; names are judged when looked up."""
    host = url.host or ""
    if allow_private:
        return True
    if host.casefold().rstrip(".") == "localhost" or host.casefold().rstrip(".").endswith(".localhost"):
        return False
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return is_public(host)


class PublicResolver(AbstractResolver):
    """Looks names up and gives out public addresses only."""

    def __init__(self, *, allow_private: bool) -> None:
        self._resolver = ThreadedResolver()
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the host's addresses.

        Raises:
            OSError: It has none, or one that is not public: a host with both is not to be trusted.
        """
        found = await self._resolver.resolve(host, port, family)
        if not self._allow_private and not all(is_public(each["host"]) for each in found):
            raise OSError("the host has an address that is not public")
        return found

    async def close(self) -> None:
        """Nothing is kept open."""
        await self._resolver.close()
