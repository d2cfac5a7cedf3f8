"""Take mail only for addresses that take it (RFC 5321 section 3.3), and tell nobody why not.

An address that never existed, one that is retired and one whose owner takes no mail get the same answer,
after the same questions to the DNS, and count as guesses alike. Only `Protected` mail reaches an owner
who takes none. Whether a message is that shows after DATA, so such an address is taken where the
reverse-path is on the list and SPF proves it, and the message chain decides. SPF is asked for unknown
addresses as well: else the time it takes would be telling.
"""

from collections.abc import Awaitable

from mailrelay.authentication.results import Result
from mailrelay.checks.protected_envelope import ProtectedEnvelope
from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import RecipientContext, Route
from mailrelay.checks.verdict import LOOKUP_FAILED, UNKNOWN_RECIPIENT, Action, Verdict
from mailrelay.directory import MailPolicy, RelayRoute


class KnownRecipient:
    """Refuse an address that takes no mail, and count the refusal.

    Args:
        envelope: Knows which senders reach those who take no mail.
        refused: Refusals per network, for `probing`.
    """

    name = "known-recipient"

    def __init__(self, envelope: ProtectedEnvelope, refused: LeakyBucket) -> None:
        self._envelope = envelope
        self._refused = refused

    def __call__(self, context: RecipientContext) -> Awaitable[Verdict | None] | None:
        """Trust the directory's answer."""
        if context.route is not None and not takes_no_mail(context.route):
            return None
        return self._unless_protected(context)

    async def _unless_protected(self, context: RecipientContext) -> Verdict | None:
        route = context.route
        spf = await self._envelope.spf(context.sender)
        if spf is Result.TEMPERROR:
            return Verdict(self.name, Action.DEFER, "spf-temperror", LOOKUP_FAILED)
        if route is not None and spf is Result.PASS:
            return None
        self._refused.add(network_of(context.sender.connection.peer_ip))
        reason = "unknown-recipient" if route is None else "owner-takes-no-mail"
        return Verdict(self.name, Action.REJECT, reason, UNKNOWN_RECIPIENT)


def takes_no_mail(route: Route) -> bool:
    """Return whether the owner of an address wants no mail at it."""
    return isinstance(route, RelayRoute) and route.policy is MailPolicy.DROP
