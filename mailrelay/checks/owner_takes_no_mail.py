"""Hold mail for an owner who wants none, but for what has to reach every owner (`reaches_everybody`).

It is held and not refused: senders get the answer that they get for any address, and the owner may still look
at it. What others would have refused or held, `spam-decision` refuses and holds here too.
"""

from mailrelay.checks.spam_decision import reaches_everybody
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.directory import MailPolicy


class OwnerTakesNoMail:
    """Keep from an owner what he does not want."""

    name = "owner-takes-no-mail"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Stands behind the checks that say what a message is, and who wants it."""
        policies = {route.policy for route in context.relay_routes}
        if policies != {MailPolicy.DROP} or reaches_everybody(context.found):
            return None
        return Verdict(self.name, Action.QUARANTINE, "no-mail-wanted")
