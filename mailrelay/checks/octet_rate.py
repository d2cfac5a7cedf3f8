"""Slow down networks that send more than we can store: at MAIL by what is declared, then by what came."""

from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import MessageContext, SenderContext
from mailrelay.checks.verdict import TOO_MANY, Action, Verdict

_NAME = "octet-rate"
_OVER = Verdict(_NAME, Action.DEFER, "too-many-octets", TOO_MANY)


class DeclaredOctetRate:
    """Defer a message whose declared size (RFC 1870) does not fit; it need not be sent first."""

    name = _NAME

    def __init__(self, bucket: LeakyBucket) -> None:
        self._bucket = bucket

    def __call__(self, context: SenderContext) -> Verdict | None:
        """Look, and count nothing yet."""
        octets = context.declared_size_octets or 1
        return _OVER if self._bucket.full(network_of(context.connection.peer_ip), octets) else None


class OctetRate:
    """Defer messages of a network beyond the limit."""

    name = _NAME

    def __init__(self, bucket: LeakyBucket) -> None:
        self._bucket = bucket

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Count the octets of the message."""
        network = network_of(context.sender.connection.peer_ip)
        return _OVER if self._bucket.add(network, len(context.message.raw)) else None
