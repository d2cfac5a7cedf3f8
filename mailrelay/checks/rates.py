"""Meter events per network, in memory that cannot grow without bound.

One process counts for itself. Keys are address prefixes, since who has one address of a network has
them all: /24 for IPv4, /56 for IPv6 (the usual size of a customer's network, RFC 6177).
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

Clock = Callable[[], datetime]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAX_KEYS = 50_000
_IPV4 = 4


@lru_cache(maxsize=20_000)
def address_of(ip: str) -> Address | None:
    """Return an address given as text, an IPv4 address as such however it is written; None for other text."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=20_000)
def network_of(ip: str) -> str:
    """Return the prefix of an address in text form; what is no address is its own prefix."""
    address = address_of(ip)
    if address is None:
        return ip
    return str(ipaddress.ip_network((address, 24 if address.version == _IPV4 else 56), strict=False))


class LeakyBucket:
    """A bucket per key that holds `limit` and is empty again after `window_s` (GCRA, ITU-T I.371).

    So a key may bring `limit` at once, and `limit` per `window_s` in the long run; what was turned away
    is not counted. Each key costs one number.

    Args:
        limit: What fits: events, or octets.
        window_s: Time in which a full bucket runs dry, in seconds.
        clock: Aware UTC.
        max_keys: Keys remembered; the one seen longest ago is forgotten first.
    """

    def __init__(self, limit: float, window_s: float, clock: Clock, max_keys: int = _MAX_KEYS) -> None:
        self._unit_s = window_s / limit
        # Half a unit of grace: sums of fractions must not turn away the last that fits.
        self._brim_s = window_s + self._unit_s / 2
        self._clock = clock
        self._max_keys = max_keys
        self._dry_at_s: OrderedDict[str, float] = OrderedDict()

    def add(self, key: str, amount: float = 1) -> bool:
        """Count `amount` for `key`; return whether it did not fit, and then it is not counted."""
        now_s = self._clock().timestamp()
        dry_at_s = max(self._dry_at_s.get(key, now_s), now_s) + amount * self._unit_s
        if dry_at_s - now_s > self._brim_s:
            return True
        self._dry_at_s[key] = dry_at_s
        self._dry_at_s.move_to_end(key)
        if len(self._dry_at_s) > self._max_keys:
            self._dry_at_s.popitem(last=False)
        return False

    def full(self, key: str, amount: float = 1) -> bool:
        """Return whether `amount` does not fit now, counting nothing."""
        now_s = self._clock().timestamp()
        return self._dry_at_s.get(key, now_s) + amount * self._unit_s - now_s > self._brim_s
