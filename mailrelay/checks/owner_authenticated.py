"""Let nobody but the owner write through a reply address.

A message to a reply address that is not proven to be the owner's is held, not refused: an owner whose
provider signs nothing must be able to find his answer again, and a prober gets the same 250 as he does. So it
is where the DNS failed: whoever can make his own records fail would learn from a 451 what a reply address is.
"""

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.authentication.results import Result
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict

OWNER_NOT_AUTHENTICATED = "owner-not-authenticated"


class OwnerAuthenticated:
    """Hold mail to a reply address that is not authenticated as one of the owner's mailboxes."""

    name = "owner-authenticated"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Applies where the recipient is a reply address; compares all mail alike."""
        found = context.authentication
        proven = any(authenticated_as(found, mailbox) for mailbox in context.mailboxes)
        if proven or not context.reply_routes:
            return None
        failed = Result.TEMPERROR in [found.spf.result, *(one.result for one in found.dkim)]
        reason = "owner-lookup-failed" if failed else OWNER_NOT_AUTHENTICATED
        return Verdict(self.name, Action.QUARANTINE, reason)
