"""Refuse mail that is not `Protected` to an owner who takes none, in the words for an unknown address."""

from mailrelay.checks.known_recipient import takes_no_mail
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import UNKNOWN_RECIPIENT, Action, Verdict


class OwnerTakesNoMail:
    """Refuse what `known-recipient` let through on the reverse-path alone."""

    name = "owner-takes-no-mail"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Stands after `protected-mail`, which ends the chain."""
        if any(takes_no_mail(route) for route in context.routes):
            return Verdict(self.name, Action.REJECT, "not-protected", UNKNOWN_RECIPIENT)
        return None
