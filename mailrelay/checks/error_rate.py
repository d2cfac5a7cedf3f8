"""Keep away networks whose sessions bring little but errors, for as long as that is so."""

from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import ConnectionContext
from mailrelay.checks.verdict import TOO_FAST, Action, Verdict


class ErrorRate:
    """Defer connections of a network that got too many 5yz answers; `Inbound.erred` counts them."""

    name = "error-rate"

    def __init__(self, bucket: LeakyBucket) -> None:
        self._bucket = bucket

    def __call__(self, context: ConnectionContext) -> Verdict | None:
        """Look, and count nothing."""
        if self._bucket.full(network_of(context.peer_ip)):
            return Verdict(self.name, Action.DEFER, "too-many-errors", TOO_FAST)
        return None
