"""Slow down networks that open connections without pause."""

from mailrelay.checks.stages import ConnectionContext
from mailrelay.checks.verdict import TOO_FAST, Action, Verdict
from mailrelay.checks.window import SlidingWindow, network_of


class ConnectionRate:
    """Defer connections of a network beyond the window's limit."""

    name = "connection-rate"

    def __init__(self, window: SlidingWindow) -> None:
        self._window = window

    def __call__(self, context: ConnectionContext) -> Verdict | None:
        """Count the connection; connections that were turned away count too."""
        if self._window.add(network_of(context.peer_ip)):
            return Verdict(self.name, Action.DEFER, "too-many-connections", TOO_FAST)
        return None
