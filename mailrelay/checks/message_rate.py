"""Slow down networks that send messages without pause."""

from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import TOO_MANY, Action, Verdict
from mailrelay.checks.window import SlidingWindow, network_of


class MessageRate:
    """Defer transactions of a network beyond the window's limit."""

    name = "message-rate"

    def __init__(self, window: SlidingWindow) -> None:
        self._window = window

    def __call__(self, context: SenderContext) -> Verdict | None:
        """Count the transaction at MAIL FROM."""
        if self._window.add(network_of(context.connection.peer_ip)):
            return Verdict(self.name, Action.DEFER, "too-many-messages", TOO_MANY)
        return None
