"""Fit a linear model by stochastic gradient descent (AdaGrad, Duchi et al. 2011) on the logistic loss.

Half of what the rules will add to a score is there already while the model learns: it learns what is left to
say, and yet does not unlearn from old newsletters what the rules know of later tricks.

Deterministic: the order of messages comes from a seed, and the same version of numpy gives the same octets.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.spam.near_duplicates import groups
from bench.spam.sample import Sample, masked, masked_content
from mailrelay.content.classifier.grams import normal_form
from mailrelay.content.classifier.model import BUCKETS, NO_WEIGHT, SpamModel, buckets
from mailrelay.content.score import RULES_SHARE, rule_hits

_EPOCHS = 20
_RATE = 0.1
_DECAY = 1e-4
_FIRST_SQUARES = 1e-4
_SURE = 1e-3  # what is right by so little error teaches nothing
_RULES_KNOWN = 0.5
_MOST_STEPS = 127
_FOLDS = 5
_LETTER_WEIGHT = 0.1  # a letter has forty sisters

Buckets = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A message as it is learned: buckets, what its rules add, what it teaches and how much, its group."""

    buckets: Buckets
    rules: float
    text: bytes
    spam: bool
    weight: float
    group: str


def example(sample: Sample) -> Example:
    """Return what a message looks like to a model."""
    message = masked(sample.raw)
    content = masked_content(message)
    hits = rule_hits(message, content)
    weight = _LETTER_WEIGHT if sample.group else 1.0
    # Sorted, since sums of floats depend on their order, and that of a set is another in each process.
    mine = np.array(buckets(message, content, tuple(name for name, _ in hits)), dtype=np.int64)
    rules = RULES_SHARE * sum(weight for _, weight in hits)
    return Example(mine, rules, normal_form(content), sample.spam, weight, sample.group)


def fit(
    examples: Sequence[Example], tag: float = 1.0, quarantine: float = 2.0, made_from: str = ""
) -> SpamModel:
    """Return a model of the examples."""
    weights, bias = _descend(examples)
    scale = float(np.abs(weights).max()) / _MOST_STEPS or 1.0
    octets = (np.rint(weights / scale) + NO_WEIGHT).astype(np.uint8).tobytes()
    return SpamModel(made_from, round(bias, 4), scale, tag, quarantine, octets)


def out_of_fold(examples: Sequence[Example]) -> Numbers:
    """Return log-odds of each example, rules included, by a model without it and its near-copies."""
    group_of = groups([one.text for one in examples], [one.group for one in examples])
    order = {group: place for place, group in enumerate(dict.fromkeys(group_of))}
    fold_of = [order[group] * 7 % _FOLDS for group in group_of]
    scores = np.zeros(len(examples))
    for fold in range(_FOLDS):
        model = fit([one for one, other in zip(examples, fold_of, strict=True) if other != fold])
        for number, (one, other) in enumerate(zip(examples, fold_of, strict=True)):
            if other == fold:
                scores[number] = model.score_of(one.buckets.tolist()) + one.rules
    return scores


def _descend(examples: Sequence[Example]) -> tuple[Numbers, float]:
    """Return weights and bias."""
    weights, squares = np.zeros(BUCKETS), np.full(BUCKETS, _FIRST_SQUARES)
    bias, bias_squares = 0.0, _FIRST_SQUARES
    chance = np.random.default_rng(1)
    for _ in range(_EPOCHS):
        for number in chance.permutation(len(examples)):
            one = examples[number]
            share = 1 / math.sqrt(len(one.buckets) or 1)
            mine = weights[one.buckets]
            log_odds = share * float(mine.sum()) + bias + _RULES_KNOWN * one.rules
            error = (_probability(log_odds) - one.spam) * one.weight
            if abs(error) < _SURE:
                continue
            slope = error * share + _DECAY * mine
            squares[one.buckets] += slope * slope
            weights[one.buckets] = mine - _RATE * slope / np.sqrt(squares[one.buckets])
            bias_squares += error * error
            bias -= _RATE * error / math.sqrt(bias_squares)
    return weights, bias


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
