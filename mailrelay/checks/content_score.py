"""Score what a message says and hides, and what is known of the client that brings it.

A score is evidence: what follows from it is decided by `spam-decision`.
"""

from collections.abc import Callable

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.content.classifier.learned import AnyModel
from mailrelay.content.classifier.model import shipped_model
from mailrelay.content.score import score


class ContentScore:
    """Add up points; reads mail to all addresses alike, for the time would tell."""

    name = "content-score"

    def __init__(self, model: Callable[[], AnyModel] = shipped_model) -> None:
        self._model = model

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Name what speaks against the message, the client last."""
        result = score(context.message, context.content, self._model())
        evidence = context.sender.evidence
        total = result.total + sum(one.weight for one in evidence)
        if not total:
            return None
        names = " ".join((*result.names, *(one.name for one in evidence)))
        return Verdict(self.name, Action.ACCEPT, names, score=total)
