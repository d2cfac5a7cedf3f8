"""Add up the features of a message to one score; higher is more like spam.

The features and their weights are the table in `features`.
"""

from dataclasses import dataclass

from mailrelay.content.features import FEATURES
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage


@dataclass(frozen=True, slots=True)
class Score:
    """What was found.

    Attributes:
        total: Sum of the weights.
        hits: (feature, weight) in the order of the table.
    """

    total: float
    hits: tuple[tuple[str, float], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features found."""
        return tuple(name for name, _ in self.hits)


def score(message: RawMessage, content: Content) -> Score:
    """Return the score of a message; deterministic, never raises."""
    hits = tuple((feature.name, feature.weight) for feature in FEATURES if feature.holds(message, content))
    return Score(round(sum(weight for _, weight in hits), 2), hits)
