"""Decide what happens to a message by all that the checks before have found: stands last in the chain.

Checks whose verdict is evidence (`content-score`, `bulk-similarity`, engines, `listed-sender`) accept and say
how much; what follows is decided here alone, by the class of the message and the owner's policy.
"""

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Verdict


class SpamDecision:
    """The one check that turns evidence into an action."""

    name = "spam-decision"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Say nothing as yet: the checks before ask for actions of their own."""
        del context
        return None
