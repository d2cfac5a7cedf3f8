"""Limit the recipients of one transaction (RFC 5321 section 4.5.3.1.10)."""

from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import ONE_AT_A_TIME, Action, Verdict


class RecipientLimit:
    """Defer recipients beyond `limit`; the client sends to them in its next transaction."""

    name = "recipient-limit"

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def __call__(self, context: RecipientContext) -> Verdict | None:
        """Count the recipients accepted before."""
        if len(context.accepted) < self._limit:
            return None
        return Verdict(self.name, Action.DEFER, "too-many-recipients", ONE_AT_A_TIME)
