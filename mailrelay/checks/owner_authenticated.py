"""Let nobody but the owner write through a reply address.

A message to a reply address that is not proven to be the owner's is held, not refused: an owner whose
provider signs nothing must be able to find his answer again, and a prober gets the same 250 as he does.
"""

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.authentication.results import Result
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import LOOKUP_FAILED, Action, Verdict

OWNER_NOT_AUTHENTICATED = "owner-not-authenticated"


class OwnerAuthenticated:
    """Hold mail to a reply address that is not authenticated as one of the owner's mailboxes."""

    name = "owner-authenticated"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Applies where any recipient is a reply address."""
        if not context.reply_routes:
            return None
        mailboxes = context.owner.mailboxes if context.owner else ()
        if any(authenticated_as(context.authentication, mailbox) for mailbox in mailboxes):
            return None
        results = [context.authentication.spf.result, *(one.result for one in context.authentication.dkim)]
        if Result.TEMPERROR in results:
            return Verdict(self.name, Action.DEFER, "owner-lookup-failed", LOOKUP_FAILED)
        return Verdict(self.name, Action.QUARANTINE, OWNER_NOT_AUTHENTICATED)
