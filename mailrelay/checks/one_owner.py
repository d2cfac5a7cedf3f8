"""Keep the recipients of one transaction to one owner, since a verdict on the message hits them all."""

from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import ONE_AT_A_TIME, Action, Verdict


class OneOwner:
    """Ask for a second transaction where a second owner is addressed (452, RFC 5321 section 4.5.3.1.10)."""

    name = "one-owner"

    async def __call__(self, context: RecipientContext) -> Verdict | None:
        """Compare with the recipients accepted before."""
        route = context.route
        if route is None or all(other.owner_id == route.owner_id for other in context.accepted):
            return None
        return Verdict(self.name, Action.DEFER, "second-owner", ONE_AT_A_TIME)
