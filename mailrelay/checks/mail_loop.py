"""Break mail loops (RFC 5321 section 6.3)."""

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import LOOP, Action, Verdict
from mailrelay.message import LOOP_HEADER

_MAX_HOPS = 30  # RFC 5321 section 6.3 wants a large limit; nobody needs thirty hops, loops pass it in seconds


class MailLoop:
    """Refuse mail that was here before or has travelled too far."""

    name = "mail-loop"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Look for our own mark first, then count hops."""
        if context.message.count(LOOP_HEADER):
            return Verdict(self.name, Action.REJECT, "own-mark", LOOP)
        if context.message.count("Received") > _MAX_HOPS:
            return Verdict(self.name, Action.REJECT, "too-many-hops", LOOP)
        return None
