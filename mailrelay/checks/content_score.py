"""Act on the content score: tag what looks like spam, quarantine what looks much like it.

Never refuses: on content alone a lawyer's letter and a scam differ too little. The owner's policy
decides how far it goes: `forward` tags at most.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.content.classifier.learned import AnyModel
from mailrelay.content.classifier.model import shipped_model
from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS, score
from mailrelay.directory import MailPolicy


@dataclass(frozen=True, slots=True)
class ScoreLimits:
    """Scores from which on mail is tagged and quarantined."""

    tag: float = TAG_POINTS
    quarantine: float = QUARANTINE_POINTS


class ContentScore:
    """Weigh what the message says and hides, and what is known of the client that brings it."""

    name = "content-score"

    def __init__(self, limits: ScoreLimits, model: Callable[[], AnyModel] = shipped_model) -> None:
        self._limits = limits
        self._model = model

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Applies to relay addresses; reads all mail alike, for the time would tell."""
        result = score(context.message, context.content, self._model())
        evidence = context.sender.evidence
        total = result.total + sum(one.weight for one in evidence)
        if not total or not context.relay_routes:
            return None
        names = " ".join((*result.names, *(one.name for one in evidence)))
        if total < self._limits.tag:
            return Verdict(self.name, Action.ACCEPT, names, score=total)
        # Addresses of one owner may have different policies; the message is one: the mildest holds.
        may_hold = all(route.policy is MailPolicy.FILTER for route in context.relay_routes)
        held = may_hold and total >= self._limits.quarantine
        action = Action.QUARANTINE if held else Action.TAG
        return Verdict(self.name, action, names, score=total)
