"""Tell addresses of the Internet from those of somebody's own network.

A zone of an owner or a correspondent must not send us into the operator's network. Judged by the IANA
special-purpose registries (RFC 6890) as the standard library knows them; an IPv6 address that carries an
IPv4 one is as public as that is.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))  # RFC 6052, RFC 8215
_LOW_BITS = 0xFFFF_FFFF


def is_public(text: str) -> bool:
    """Return whether anybody on the Internet can reach an address; False for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_global(address)
    carried = _carried(address)
    if carried is None:
        return _is_global(address)
    return all(_is_global(one) for one in carried)


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...] | None:
    """Return the IPv4 addresses inside: mapped (RFC 4291), 6to4 (RFC 3056), Teredo (RFC 4380), NAT64."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if any(address in network for network in _NAT64):
        return (IPv4Address(int(address) & _LOW_BITS),)
    return None


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast
