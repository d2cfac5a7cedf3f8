"""Stop networks that guess addresses: many unknown recipients within an hour."""

from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import TOO_MANY, Action, Verdict


class Probing:
    """Defer every recipient of a network that was refused too many; `known-recipient` counts those.

    Known recipients are deferred too: an answer that differs would be what the prober is after.
    """

    name = "probing"

    def __init__(self, refused: LeakyBucket) -> None:
        self._refused = refused

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Look, and count nothing."""
        if self._refused.full(network_of(context.sender.connection.peer_ip)):
            return Verdict(self.name, Action.DEFER, "too-many-unknown-recipients", TOO_MANY)
        return None
