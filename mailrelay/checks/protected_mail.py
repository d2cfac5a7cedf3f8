"""Let no filter stand between an owner and what is served on him: registry and registrar notices,
transfers, disputes, certificate validation.

The author must be on the list and authenticated. Then the mail is marked, the checks after this one are
not asked, and the queue delivers it first. What stands before stays: form, loops, hard limits.
"""  # noqa: D205 - one sentence

from mailrelay.addresses import decoded
from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.checks.protected_senders import ProtectedSenders
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict


class ProtectedMail:
    """Protect authenticated mail of the listed senders to relay addresses."""

    name = "protected-mail"

    def __init__(self, senders: ProtectedSenders) -> None:
        self._senders = senders

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Look at the author first: hardly any is on the list."""
        authors = context.authentication.authors
        if len(authors) != 1:
            return None
        domain = authors[0].rpartition("@")[2]
        if not self._senders.lists(domain):
            return None
        kind = self._senders.kind_of(authors[0], decoded(context.message.first("Subject")))
        if not kind or not authenticated_as(context.authentication, authors[0]) or context.reply_routes:
            return None
        return Verdict(self.name, Action.ACCEPT, kind, protects=True)
