"""Never relay what the owner's software answers by itself: it shows that, and often who, he is.

How it is recognised is told in `reports.automation`. Held, not refused: a refusal would go back to the
owner's mailbox provider as a bounce that nobody reads.
"""

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.reports.automation import sign_of_automation


class AutomaticReply:
    """Hold automatic mail to a reply address.

    To relay addresses automatic mail of correspondents may come; the owner's own is recognised when he is
    asked for, at delivery.
    """

    name = "automatic-reply"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Applies where the recipient is a reply address; reads all mail alike, for the time would tell."""
        reason = sign_of_automation(context.message)
        if not context.sender.reverse_path:
            reason = "null-reverse-path"
        return Verdict(self.name, Action.QUARANTINE, reason) if reason and context.reply_routes else None
