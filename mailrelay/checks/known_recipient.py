"""Take mail only for addresses that take it (RFC 5321 section 3.3)."""

from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import UNKNOWN_RECIPIENT, Action, Verdict
from mailrelay.directory import MailPolicy, RelayRoute


class KnownRecipient:
    """Refuse an address that never existed, is retired or takes no mail, all in the same words."""

    name = "known-recipient"

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Trust the directory's answer."""
        route = context.route
        if route is None:
            return Verdict(self.name, Action.REJECT, "unknown-recipient", UNKNOWN_RECIPIENT)
        if isinstance(route, RelayRoute) and route.policy is MailPolicy.DROP:
            return Verdict(self.name, Action.REJECT, "owner-takes-no-mail", UNKNOWN_RECIPIENT)
        return None
