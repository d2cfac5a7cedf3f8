"""Doubt clients that speak before their turn: RFC 5321 section 3.1 has them wait, spam engines do not."""

from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import Action, Verdict

_WEIGHT = 1.0


class EarlyTalker:
    """Note what the server has seen."""

    name = "early-talker"

    def __call__(self, context: SenderContext) -> Verdict | None:
        """Evidence only: some honest old clients do it."""
        if not context.connection.early_talker:
            return None
        return Verdict(self.name, Action.ACCEPT, "spoke-out-of-turn", score=_WEIGHT)
