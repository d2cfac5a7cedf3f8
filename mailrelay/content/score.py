"""How much a message looks like spam, in points; 3.5 and more is marked, 5 and more is held.

Two opinions are added: the log-odds of the model in `classifier`, which knows what mail says, and the weights
of the rules in `features`, which know tricks. Rules count half: most of what they say the model has learned
as well, as facts. The thresholds of the sum are those of the model, from honest mail that it had not seen.
"""

from dataclasses import dataclass

from mailrelay.content.classifier.learned import AnyModel
from mailrelay.content.classifier.model import Reason, SpamModel, shipped_model
from mailrelay.content.features import FEATURES
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

TAG_POINTS = 3.5
QUARANTINE_POINTS = 5.0
RULES_SHARE = 0.5
"""Log-odds of one point of a rule."""

LIKE_SPAM = "like-known-spam"
"""Name of the hit where the model alone says that spam is likelier than not."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was found.

    Attributes:
        total: Points, 0 where spam is less likely than not.
        hits: (rule, weight) in the order of the table; then the model with its log-odds, if above 0.
    """

    total: float
    hits: tuple[tuple[str, float], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the hits."""
        return tuple(name for name, _ in self.hits)


def score(message: RawMessage, content: Content, model: AnyModel | None = None) -> Score:
    """Return the score of a message, by the shipped model if by no other; deterministic, never raises."""
    model = model or shipped_model()
    hits = rule_hits(message, content)
    log_odds = model.score(message, content, tuple(name for name, _ in hits))
    total = points(together(log_odds, hits), model)
    if log_odds > 0:
        hits = (*hits, (LIKE_SPAM, round(log_odds, 2)))
    return Score(total, hits)


def top_features(
    message: RawMessage, content: Content, model: SpamModel | None = None, most: int = 8
) -> tuple[Reason, ...]:
    """Return what speaks most for spam, in log-odds, heaviest first; deterministic.

    Rules (`rule:urgency`) and other facts (`link-tld:top`) go by names, 4-grams by the words of the text
    in which they stand (`word:account`): this is message text, to be shown to whoever has the message.
    """
    hits = rule_hits(message, content)
    names = tuple([name for name, _ in hits])
    weights = dict((model or shipped_model()).reasons(message, content, names))
    for name, weight in hits:
        weights[f"rule:{name}"] = weights.get(f"rule:{name}", 0.0) + RULES_SHARE * weight
    ranked = sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:most]
    return tuple([Reason(name, round(weight, 2)) for name, weight in ranked if weight > 0])


def rule_hits(message: RawMessage, content: Content) -> tuple[tuple[str, float], ...]:
    """Return (rule, weight) of the rules that hold, in the order of the table."""
    return tuple([(rule.name, rule.weight) for rule in FEATURES if rule.holds(message, content)])


def together(log_odds: float, hits: tuple[tuple[str, float], ...]) -> float:
    """Return the sum of what the model and the rules say, as log-odds."""
    return log_odds + RULES_SHARE * sum([weight for _, weight in hits])


def points(log_odds: float, model: AnyModel) -> float:
    """Return log-odds as points: none at even odds, and lines from there over the thresholds of the model."""
    if log_odds <= model.tag:
        return round(max(0.0, TAG_POINTS * log_odds / model.tag), 2)
    step = (QUARANTINE_POINTS - TAG_POINTS) / (model.quarantine - model.tag)
    # Rounding down: what does not reach a threshold is not shown as if it did.
    return int(100 * (TAG_POINTS + step * (log_odds - model.tag)) + 1e-6) / 100


def log_odds_of(points: float, model: AnyModel) -> float:
    """Return the log-odds behind points, as near as they are kept; 0 for none."""
    if points <= TAG_POINTS:
        return points * model.tag / TAG_POINTS
    step = (model.quarantine - model.tag) / (QUARANTINE_POINTS - TAG_POINTS)
    return model.tag + step * (points - TAG_POINTS)
