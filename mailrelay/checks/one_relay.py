"""Keep the recipients of one transaction to one relay address and its reply addresses.

A verdict on the message hits them all. Two relay addresses of one owner wait for each other like those
of strangers: were they taken together, anybody could find out which domains belong to one registrant.
"""

from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import ONE_AT_A_TIME, Action, Verdict


class OneRelay:
    """Ask for a second transaction where a second relay is addressed (452, RFC 5321 section 4.5.3.1.10)."""

    name = "one-relay"

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Compare with the recipients accepted before."""
        route = context.route
        if route is None or all(other.relay_id == route.relay_id for other in context.accepted):
            return None
        return Verdict(self.name, Action.DEFER, "second-relay", ONE_AT_A_TIME)
