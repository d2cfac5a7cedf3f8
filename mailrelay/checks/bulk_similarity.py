"""Recognise the same text sent to many domains: what no single mailbox can see.

Counted are domains of owners: the relay addresses of one domain's roles are one recipient, for an honest
letter may go to each of them. Neither texts nor recipients are kept, only keyed hashes of both. What follows
from the count is decided at the end of the chain.
"""

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.checks.protected_senders import ProtectedSenders
from mailrelay.checks.similar_texts import SimilarTexts
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict

_LISTED, _ALLOWED = "listed-sender", "allowed"


class BulkSimilarity:
    """Count the other recipients to which the text of a message went.

    Some may write the same to many and are not counted, where they are authenticated: registries, registrars
    and the like, whom a list allows, and the owner himself.

    Args:
        texts: What was written to whom lately.
        senders: Registries, registrars and the like.
    """

    name = "bulk-similarity"

    def __init__(self, texts: SimilarTexts, senders: ProtectedSenders) -> None:
        self._texts = texts
        self._senders = senders

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Remembers what comes to relay addresses; the owner's answers are looked up alike."""
        sketch = self._texts.sketch(context.content)
        if not sketch.marks:
            return None
        route = context.routes[0]
        recipient = f"{route.owner_id} {route.domain}"
        others = self._texts.others(sketch, recipient)
        if self._may_write_to_many(context):
            return None
        if context.relay_routes:
            self._texts.add(sketch, recipient)
        return Verdict(self.name, Action.ACCEPT, "same-text", score=float(others)) if others else None

    def _may_write_to_many(self, context: MessageContext) -> bool:
        if any(one.check == _LISTED and one.reason.startswith(_ALLOWED) for one in context.found):
            return True  # it allows none who is not authenticated
        found = context.authentication
        known = [author for author in found.authors if self._senders.lists(author.rpartition("@")[2].lower())]
        return any(authenticated_as(found, mailbox) for mailbox in (*known, *context.mailboxes))
