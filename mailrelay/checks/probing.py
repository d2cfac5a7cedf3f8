"""Stop networks that guess addresses: many unknown recipients within the window."""

from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import TOO_MANY, Action, Verdict
from mailrelay.checks.window import SlidingWindow, network_of


class Probing:
    """Defer every recipient of a network that has asked for too many unknown ones.

    Known recipients are deferred too: an answer that differs would be what the prober is after.
    """

    name = "probing"

    def __init__(self, window: SlidingWindow) -> None:
        self._window = window

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Count unknown recipients of the client's network."""
        network = network_of(context.sender.connection.peer_ip)
        if self._window.full(network):
            return Verdict(self.name, Action.DEFER, "too-many-unknown-recipients", TOO_MANY)
        if context.route is None:
            self._window.add(network)
        return None
