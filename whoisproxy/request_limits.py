"""Queries per minute and network: a token bucket for each /24 (IPv4) or /56 (IPv6), in bounded memory.

A prefix stands for one customer of a network, so that neither a home with many addresses nor a host
that changes its own gets around the limit.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from math import ceil
from socket import AF_INET, AF_INET6, inet_pton

_MAX_PREFIXES = 65_536
_IPV4_MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291 section 2.5.5.2


def prefix(address: str) -> str:
    """Return the network of an address, "" for what is none; an IPv4-mapped address counts as IPv4."""
    try:
        if ":" not in address:
            inet_pton(AF_INET, address)
            return address.rpartition(".")[0]
        octets = inet_pton(AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):
        return ""
    if octets.startswith(_IPV4_MAPPED):
        return ".".join(map(str, octets[12:15]))
    return octets[:7].hex()


def client_address(remote: str | None, headers: Mapping[str, str]) -> str:
    """Return who asks over HTTP; a TLS proxy on this machine is believed about what it appended last."""
    forwarded = headers.get("X-Forwarded-For")
    if forwarded and is_loopback(remote or ""):
        return forwarded.rpartition(",")[2].strip()
    return remote or ""


def is_loopback(address: str) -> bool:
    """Whether somebody on this machine asks."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class PrefixLimits:
    """Token buckets that hold a minute's worth and refill evenly."""

    def __init__(self, requests_per_minute: int, clock: Callable[[], float]) -> None:
        """Take `clock` as seconds that never go back, such as `time.monotonic`."""
        self._capacity = float(requests_per_minute)
        self._per_second = requests_per_minute / 60
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, network: str) -> int:
        """Take one token of a network's bucket.

        Returns:
            0 when there was one, else the seconds after which asking again is worth it.
        """
        now = self._clock()
        tokens, at = self._buckets.pop(network, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - at) * self._per_second)
        allowed = tokens >= 1
        self._buckets[network] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > _MAX_PREFIXES:
            # The one that has been silent longest; by now its bucket has most likely refilled.
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, ceil((1 - tokens) / self._per_second))

    def wait_s(self, network: str) -> int:
        """Return what `take` would, and take nothing."""
        now = self._clock()
        tokens, at = self._buckets.get(network, (self._capacity, now))
        missing = 1 - tokens - (now - at) * self._per_second
        return max(1, ceil(missing / self._per_second)) if missing > 0 else 0
