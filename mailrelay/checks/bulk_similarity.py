"""Recognise the same text sent to many domains: what no single mailbox can see.

Counted are domains of owners: the relay addresses of one domain's roles are one recipient, for an honest
letter may go to each of them. Neither texts nor recipients are kept, only keyed hashes of both.
"""

from dataclasses import dataclass

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.checks.similar_texts import SimilarTexts
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict

_LISTED, _ALLOWED = "listed-sender", "allowed"


@dataclass(frozen=True, slots=True)
class BulkLimits:
    """When the same text is too much.

    Attributes:
        tag_others: Other recipients from which on the mail is tagged.
        quarantine_others: The same for quarantine.
    """

    tag_others: int = 2
    quarantine_others: int = 4


class BulkSimilarity:
    """Tag, then quarantine mail whose text went to several recipients.

    Mail of protected senders does not come here; nor is that counted which a list allows, or which the owner
    writes to himself.
    """

    name = "bulk-similarity"

    def __init__(self, limits: BulkLimits, texts: SimilarTexts) -> None:
        self._limits = limits
        self._texts = texts

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Applies to relay addresses; the owner's answers are nobody's bulk mail, but are looked up alike."""
        sketch = self._texts.sketch(context.content)
        if not sketch.marks:
            return None
        route = context.routes[0]
        recipient = f"{route.owner_id} {route.domain}"
        others = self._texts.others(sketch, recipient)
        if _is_welcome(context) or not context.relay_routes:
            return None
        self._texts.add(sketch, recipient)
        if others >= self._limits.quarantine_others:
            return Verdict(self.name, Action.QUARANTINE, "same-text-to-many", score=float(others))
        if others >= self._limits.tag_others:
            return Verdict(self.name, Action.TAG, "same-text-to-several", score=float(others))
        return None


def _is_welcome(context: MessageContext) -> bool:
    """Return whether the sender is authenticated and on a list that allows him, or is the owner."""
    if any(one.check == _LISTED and one.reason.startswith(_ALLOWED) for one in context.found):
        return True
    return any(authenticated_as(context.authentication, mailbox) for mailbox in context.mailboxes)
