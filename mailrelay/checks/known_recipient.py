"""Take mail only for addresses that take it (RFC 5321 section 3.3), and tell nobody why not.

An address that never existed and one that is retired get the same answer. What an owner wishes for his mail
is not asked for here: it shows in no answer.
"""

from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import UNKNOWN_RECIPIENT, Action, Verdict


class KnownRecipient:
    """Refuse an address that takes no mail, and count the refusal.

    Args:
        refused: Refusals per network, for `probing`.
    """

    name = "known-recipient"

    def __init__(self, refused: LeakyBucket) -> None:
        self._refused = refused

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Trust the directory's answer."""
        if context.route is not None:
            return None
        self._refused.add(network_of(context.sender.connection.peer_ip))
        return Verdict(self.name, Action.REJECT, "unknown-recipient", UNKNOWN_RECIPIENT)
