"""Slow down networks that send messages without pause."""

from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import TOO_MANY, Action, Verdict


class MessageRate:
    """Defer transactions of a network beyond the limit."""

    name = "message-rate"

    def __init__(self, bucket: LeakyBucket) -> None:
        self._bucket = bucket

    def __call__(self, context: SenderContext) -> Verdict | None:
        """Count the transaction at MAIL FROM."""
        if self._bucket.add(network_of(context.connection.peer_ip)):
            return Verdict(self.name, Action.DEFER, "too-many-messages", TOO_MANY)
        return None
