"""Figures of a filter on one set of mail, each with its interval of 95 %."""

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_Z = 1.96
_RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Share:
    """Part of a whole."""

    count: int
    whole: int

    def __str__(self) -> str:
        if not self.whole:
            return "-"
        low, high = self.interval
        return f"{self.count / self.whole:.1%} [{low:.1%}, {high:.1%}]"

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (1927)."""
        share, whole = self.count / self.whole, self.whole
        middle = share + _Z * _Z / (2 * whole)
        spread = _Z * math.sqrt(share * (1 - share) / whole + _Z * _Z / (4 * whole * whole))
        below = 1 + _Z * _Z / whole
        return max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below)


def area_under_roc(ham: Sequence[float], spam: Sequence[float]) -> float:
    """Return the chance that spam scores higher than ham, equals counting half (Mann and Whitney 1947)."""
    ranked = sorted(ham)
    wins = sum(bisect_left(ranked, score) + bisect_right(ranked, score) for score in spam)
    return wins / (2 * len(ham) * len(spam))


def area_interval(ham: Sequence[float], spam: Sequence[float]) -> tuple[float, float]:
    """Return the bootstrap interval of the area, both classes drawn anew."""
    chance = random.Random(1)  # noqa: S311 - resampling
    areas = sorted(
        area_under_roc(chance.choices(ham, k=len(ham)), chance.choices(spam, k=len(spam)))
        for _ in range(_RESAMPLES)
    )
    return areas[int(0.025 * _RESAMPLES)], areas[int(0.975 * _RESAMPLES) - 1]


def caught_at(false_positives: float, ham: Sequence[float], spam: Sequence[float]) -> Share:
    """Return the spam above the score that no more than this share of ham lies above."""
    ranked = sorted(ham, reverse=True)
    limit = ranked[min(int(false_positives * len(ranked)), len(ranked) - 1)]
    return Share(sum(score > limit for score in spam), len(spam))


def at_least(limit: float, scores: Sequence[float]) -> Share:
    """Return how many scores reach a threshold."""
    return Share(sum(score >= limit for score in scores), len(scores))
