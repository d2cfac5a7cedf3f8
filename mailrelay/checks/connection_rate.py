"""Slow down networks that open connections without pause."""

from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import ConnectionContext
from mailrelay.checks.verdict import TOO_FAST, Action, Verdict


class ConnectionRate:
    """Defer connections of a network beyond the limit."""

    name = "connection-rate"

    def __init__(self, bucket: LeakyBucket) -> None:
        self._bucket = bucket

    def __call__(self, context: ConnectionContext) -> Verdict | None:
        """Count the connection."""
        if self._bucket.add(network_of(context.peer_ip)):
            return Verdict(self.name, Action.DEFER, "too-many-connections", TOO_FAST)
        return None
