"""Slow down networks that name recipients without pause, known or not."""

from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import TOO_MANY, Action, Verdict


class RecipientRate:
    """Defer recipients of a network beyond the limit."""

    name = "recipient-rate"

    def __init__(self, bucket: LeakyBucket) -> None:
        self._bucket = bucket

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Count the recipient."""
        if self._bucket.add(network_of(context.sender.connection.peer_ip)):
            return Verdict(self.name, Action.DEFER, "too-many-recipients-a-minute", TOO_MANY)
        return None
