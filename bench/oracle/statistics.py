"""Can two samples of times be told apart? Rank test, distance of distributions, correction, power.

The rank test (Mann-Whitney) sees that one of two tends to take longer, the distance of their distribution
functions (Kolmogorov-Smirnov) any other difference. Both ask nothing of the distributions; their p-values are
those for large samples. Holm's correction keeps the chance of a single false alarm among all tests.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import groupby

_TERMS = 100  # of the series of Kolmogorov's distribution


def rank_test(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the two-sided p-value of Mann and Whitney's U, by its normal approximation with ties."""
    first, second = len(one), len(other)
    total = first + second
    pooled = sorted([*((value, True) for value in one), *((value, False) for value in other)])
    ranks, ties, rank = 0.0, 0, 1
    for _, group in groupby(pooled, key=lambda pair: pair[0]):
        tied = [is_first for _, is_first in group]
        ranks += sum(tied) * (rank + (len(tied) - 1) / 2)
        ties += len(tied) ** 3 - len(tied)
        rank += len(tied)
    variance = first * second / 12 * (total + 1 - ties / (total * (total - 1)))
    if not variance:
        return 1.0
    distance = abs(ranks - first * (total + 1) / 2)
    return math.erfc(max(distance - 0.5, 0) / math.sqrt(2 * variance))


def distribution_test(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the p-value of Kolmogorov and Smirnov's greatest distance, by its limit."""
    first, second = sorted(one), sorted(other)
    distance = max(
        abs(bisect_right(first, value) / len(first) - bisect_right(second, value) / len(second))
        for value in {*first, *second}
    )
    root = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    # Stephens' correction makes the limit good for small samples too.
    reach = (root + 0.12 + 0.11 / root) * distance
    # The series does not converge there, and is 1 to many digits.
    if reach < 0.2:
        return 1.0
    series = ((2 if n % 2 else -2) * math.exp(-2 * (n * reach) ** 2) for n in range(1, _TERMS))
    return min(1.0, max(0.0, sum(series)))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return the p-values corrected for their number (Holm): compare them with the level of all together."""
    corrected, least = dict[str, float](), 0.0
    for place, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        least = max(least, min(1.0, p_values[name] * (len(p_values) - place)))
        corrected[name] = least
    return corrected


def power(
    sample: Sequence[float], shift: float, level: float, chance: random.Random, rounds: int = 200
) -> float:
    """Return how often the rank test finds a shift between samples as large as `sample` and drawn from it."""
    found = 0
    for _ in range(rounds):
        one = chance.choices(sample, k=len(sample))
        other = [value + shift for value in chance.choices(sample, k=len(sample))]
        found += rank_test(one, other) < level
    return found / rounds


def detectable(
    sample: Sequence[float], shifts: Sequence[float], level: float, chance: random.Random
) -> float:
    """Return the smallest of ascending `shifts` found in 90 of 100 cases, infinity where none is."""
    return next((shift for shift in shifts if power(sample, shift, level, chance) >= 0.9), math.inf)
