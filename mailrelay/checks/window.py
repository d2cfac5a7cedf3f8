"""Count events per key in a sliding window, in memory that cannot grow without bound.

One process counts for itself. Keys are address prefixes, since who has one address of a network has
them all: /24 for IPv4, /56 for IPv6 (the usual size of a customer's network, RFC 6177).
"""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]

_MAX_KEYS = 50_000


def network_of(ip: str) -> str:
    """Return the prefix of an address in text form; what is no address is its own prefix."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, 56), strict=False))
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24), strict=False))


class SlidingWindow:
    """How often each key was seen in the last `window_s` seconds.

    Args:
        limit: Events allowed within the window.
        window_s: Length of the window in seconds.
        clock: Aware UTC.
        max_keys: Keys remembered; the one seen longest ago is forgotten first.
    """

    def __init__(self, limit: int, window_s: float, clock: Clock, max_keys: int = _MAX_KEYS) -> None:
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._max_keys = max_keys
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def add(self, key: str) -> bool:
        """Count one event of `key`; return whether it is over the limit."""
        times = self._recent(key)
        times.append(self._clock().timestamp())
        return len(times) > self._limit

    def full(self, key: str) -> bool:
        """Return whether `key` has used up its limit, counting nothing."""
        return key in self._seen and len(self._recent(key)) >= self._limit

    def _recent(self, key: str) -> deque[float]:
        # One more than the limit is enough to know that it was passed.
        times = self._seen.setdefault(key, deque(maxlen=self._limit + 1))
        self._seen.move_to_end(key)
        while len(self._seen) > self._max_keys:
            self._seen.popitem(last=False)
        oldest = self._clock().timestamp() - self._window_s
        while times and times[0] <= oldest:
            times.popleft()
        return times
