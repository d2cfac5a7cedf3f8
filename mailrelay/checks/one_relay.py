"""Keep a transaction to one address.

A verdict on the message hits all its recipients. Two addresses of one owner wait for each other like those of
strangers: were they taken together, anybody could find out which domains belong to one registrant, and to
which of them a reply address belongs.
"""

from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import ONE_AT_A_TIME, Action, Verdict


class OneRelay:
    """Ask for a second transaction where a second address is given (452, RFC 5321 section 4.5.3.1.10)."""

    name = "one-relay"

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Compare with the recipients accepted before."""
        route = context.route
        if route is None or all(other == route for other in context.accepted):
            return None
        return Verdict(self.name, Action.DEFER, "second-address", ONE_AT_A_TIME)
