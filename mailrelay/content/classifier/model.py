"""A linear model of spam: its file, its score, and what weighed most in a message.

The score is a log-odds: the sum of the weights of all features by the root of their number, so that long
texts do not shout, and a bias. It is no probability for the mail of an installation: what a score is worth
is said by the thresholds, which were found on honest mail and stand in the file.

The file is a line of JSON and one octet for each weight, 128 meaning none. It is built by
`python -m bench.spam.make_model`; docs/spam-model.md says from what.
"""

import json
import math
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple, Self

from mailrelay.content.classifier.facts import facts
from mailrelay.content.classifier.grams import grams, normal_form
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

BUCKETS = 262_139
"""Weights of a model: the largest prime below 2^18, so that the remainder of a gram is its hash."""

NO_WEIGHT = 128
FORMAT = "whoisproxy-spam-model-2"
_LONGEST_NAME = 40


class Reason(NamedTuple):
    """A word or a fact of a message, and what it adds to the score; message text, never for a log."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class SpamModel:
    """Weights of hashed features.

    Attributes:
        made_from: 16 hexadecimal digits, the same for models of the same messages.
        bias: Score of a message without features.
        scale: Log-odds of one step of a weight.
        tag: Score from which on mail looks like spam.
        quarantine: Score from which on it looks much like it.
        weights: One octet for each bucket, NO_WEIGHT meaning none.
    """

    made_from: str
    bias: float
    scale: float
    tag: float
    quarantine: float
    weights: bytes

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Read a model file.

        Raises:
            ValueError: It is none, or is cut.
        """
        line, _, weights = octets.partition(b"\n")
        try:
            head = json.loads(line)
            if head["format"] != FORMAT or len(weights) != BUCKETS:
                raise ValueError("not a model of spam, or not all of it")
            bias, scale = float(head["bias"]), float(head["scale"])
            tag, quarantine = float(head["tag"]), float(head["quarantine"])
            return cls(str(head["made_from"]), bias, scale, tag, quarantine, weights)
        except (KeyError, TypeError, UnicodeDecodeError) as error:
            raise ValueError("not a model of spam") from error

    def octets(self) -> bytes:
        """Return the model as a file."""
        head = {
            "format": FORMAT,
            "made_from": self.made_from,
            "bias": self.bias,
            "scale": self.scale,
            "tag": self.tag,
            "quarantine": self.quarantine,
        }
        return json.dumps(head).encode() + b"\n" + self.weights

    def score(self, message: RawMessage, content: Content, rules: tuple[str, ...]) -> float:
        """Return the log-odds of spam; `rules` are the names of the rules that hold. Never raises."""
        return self.score_of([one % BUCKETS for one in features(message, content, rules)])

    def score_of(self, buckets: Sequence[int]) -> float:
        """Return the log-odds of a message with these numbers of weights, in any order."""
        weights = self.weights
        total = sum([weights[one] for one in buckets]) - NO_WEIGHT * len(buckets)
        return self.bias + self.scale * total / math.sqrt(len(buckets) or 1)

    def reasons(self, message: RawMessage, content: Content, rules: tuple[str, ...]) -> tuple[Reason, ...]:
        """Return all that speaks for or against spam, heaviest first; a word has the weight of its grams."""
        text = normal_form(content)
        known = facts(message, content, rules)
        sums: defaultdict[str, float] = defaultdict(float)
        for word, gram in _grams_by_word(text):
            sums[word] += self._weight(gram)
        for fact in known:
            sums[fact] += self._weight(zlib.crc32(fact.encode()))
        root = math.sqrt(len(grams(text)) + len(known))
        ranked = sorted(sums.items(), key=lambda one: (-abs(one[1]), one[0]))
        return tuple(Reason(name, round(weight / root, 3)) for name, weight in ranked if weight)

    def _weight(self, feature: int) -> float:
        return self.scale * (self.weights[feature % BUCKETS] - NO_WEIGHT)


def features(message: RawMessage, content: Content, rules: tuple[str, ...]) -> list[int]:
    """Return the hashes of all features, to be taken modulo BUCKETS."""
    return [
        *grams(normal_form(content)),
        *[zlib.crc32(fact.encode()) for fact in facts(message, content, rules)],
    ]


def buckets(message: RawMessage, content: Content, rules: tuple[str, ...]) -> list[int]:
    """Return the number of the weight of each feature, sorted; `rules` are the names of the rules that hold.

    Two features that share a weight give it twice, as they do in the score.
    """
    return sorted([one % BUCKETS for one in features(message, content, rules)])


def _grams_by_word(text: bytes) -> list[tuple[str, int]]:
    """Return each distinct gram with the word in which it mostly lies where it stands first."""
    first: dict[int, str] = {}
    start = 1
    for word in text.split():
        name = f"word:{word.decode('utf-8', 'replace')[:_LONGEST_NAME]}"
        for at in range(start - 1, start + len(word)):
            gram = text[at : at + 4]
            if len(gram) == 4:  # noqa: PLR2004 - a gram
                first.setdefault(int.from_bytes(gram, "little"), name)
        start += len(word) + 1
    return [(name, gram) for gram, name in first.items()]


@lru_cache(maxsize=1)
def shipped_model() -> SpamModel:
    """Return the model that comes with the program."""
    return SpamModel.parse((files("mailrelay") / "data" / "spam_model.bin").read_bytes())
