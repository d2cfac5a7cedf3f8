"""What an installation learns on top of the model that is shipped: corrections as sums, and moved thresholds.

A lesson moves the weight of each of its features by the error of the score, shared among them as in the
score, and divided by how many messages had the feature before, usual ones and lessons: so what stands in all
mail hardly moves, whatever is taught. Kept are three numbers for each of the shared
buckets, and no message. Which messages made a sum cannot be seen from it; what few of them made is counted
only once several teachers agree, and forgotten where they do not (docs/adr/0035).

Scores of honest mail that somebody confirmed are counted by size, and move the thresholds within bounds.
"""

import json
import math
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from json import JSONDecodeError
from operator import itemgetter
from typing import Self

from mailrelay.content.classifier.model import BUCKETS, FORMAT, SpamModel, features
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

SHARED_BY = 3
"""Teachers who must have moved a weight before it counts for anybody."""

WINDOW_DAYS = 30
"""After so long, what too few have taught is forgotten, and scores of confirmed mail are after twice that."""

EVERY_SLOT = (1 << 32) - 1
"""The slots of a teacher whose word needs no second: the operator."""

MOST_UP, MOST_DOWN = 3.0, 1.0
"""Log-odds by which a message is moved at most, whatever was taught; down less, for that lets spam in."""

MOST_MOVED = 0.5
"""Log-odds by which a threshold rises at most, and by which it falls."""

TAGGED_HAM, QUARANTINED_HAM = 0.005, 0.0005
_FORMAT = "whoisproxy-learned-1"
_STEPS = 1024  # of one log-odds
_RATE = 8.0
_MOST_STEPS = 2 * _STEPS  # of one weight, either way
_MOST_COUNT = 255
_SURE = 30.0
_BIN = 0.25  # log-odds
_BINS = 60  # from 0 up; the first holds all below, the last all above
_LEAST_GAP = 0.5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A message and what somebody says it is; forgotten once it is learned.

    Attributes:
        buckets: Of its features.
        log_odds: Of the shipped model and the rules together.
        slots: Bits of the teacher; see `slot_of`.
    """

    buckets: Sequence[int]
    log_odds: float
    spam: bool
    slots: int


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """The shipped model and what was learned, as messages are scored.

    Attributes:
        weights: Of each bucket, in steps; none where too few teachers moved it.
        tag: Score from which on mail looks like spam here.
        quarantine: Score from which on it looks much like it here.
    """

    shipped: SpamModel
    weights: Sequence[int]
    tag: float
    quarantine: float

    def score(self, message: RawMessage, content: Content, rules: tuple[str, ...]) -> float:
        """Return the log-odds of spam; `rules` are the names of the rules that hold. Never raises."""
        buckets = [one % BUCKETS for one in features(message, content, rules)]
        return self.shipped.score_of(buckets) + self.correction(buckets)

    def correction(self, buckets: Sequence[int]) -> float:
        """Return what was learned about a message, in log-odds, between -MOST_DOWN and MOST_UP."""
        if len(buckets) <= 1:
            return 0.0
        learned: float = sum(itemgetter(*buckets)(self.weights)) / (_STEPS * math.sqrt(len(buckets)))
        return max(-MOST_DOWN, min(MOST_UP, learned))


@dataclass(frozen=True, slots=True)
class LocalModel:
    """What was learned; made anew by each lesson, never changed.

    Attributes:
        deltas: Of each bucket, in steps.
        counts: Lessons that had the bucket, up to 255.
        slots: Of each bucket, the bits of those who taught it.
        ham: Lessons of honest mail.
        spam: Lessons of spam.
        since: Day on which the window began, counted as `date.toordinal` does.
        confirmed: Honest mail that was confirmed in this window, by score.
        earlier: The same of the window before.
    """

    deltas: "array[int]"
    counts: bytes
    slots: "array[int]"
    ham: int
    spam: int
    since: int
    confirmed: tuple[int, ...]
    earlier: tuple[int, ...]

    @classmethod
    def empty(cls, today: int) -> Self:
        """Return what was learned before the first lesson."""
        none = (0,) * _BINS
        return cls(
            array("h", bytes(2 * BUCKETS)), bytes(BUCKETS), array("I", bytes(4 * BUCKETS)),
            0, 0, today, none, none,
        )  # fmt: skip

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Read what `octets` wrote.

        Raises:
            ValueError: It is none, or was learned about other features than the shipped model has.
        """
        line, _, packed = octets.partition(b"\n")
        try:
            head = json.loads(line)
            numbers = zlib.decompress(packed)
            if head.pop("format") != [_FORMAT, FORMAT] or len(numbers) != 7 * BUCKETS:
                raise ValueError("learned about other features")
            deltas, slots = array("h", numbers[: 2 * BUCKETS]), array("I", numbers[3 * BUCKETS :])
            confirmed, earlier = tuple(head.pop("confirmed")), tuple(head.pop("earlier"))
            counts = numbers[2 * BUCKETS : 3 * BUCKETS]
            return cls(deltas, counts, slots, **head, confirmed=confirmed, earlier=earlier)
        except (KeyError, TypeError, AttributeError, zlib.error, UnicodeError, JSONDecodeError) as error:
            raise ValueError("not what was learned about spam") from error

    def octets(self) -> bytes:
        """Return all of it as it is kept; on machines of one order of octets."""
        head = {
            "format": [_FORMAT, FORMAT],
            "ham": self.ham,
            "spam": self.spam,
            "since": self.since,
            "confirmed": self.confirmed,
            "earlier": self.earlier,
        }
        numbers = self.deltas.tobytes() + self.counts + self.slots.tobytes()
        return json.dumps(head).encode() + b"\n" + zlib.compress(numbers, 1)

    def on(self, today: int) -> Self:
        """Return the model as it is on a day: where a window has ended, what few have taught is gone."""
        if today - self.since < WINDOW_DAYS:
            return self
        few = [place for place, slots in enumerate(self.slots) if 0 < slots.bit_count() < SHARED_BY]
        deltas, counts, slots = self.deltas[:], bytearray(self.counts), self.slots[:]
        for place in few:
            deltas[place] = counts[place] = slots[place] = 0
        # Two windows are over where nobody has taught for long.
        earlier = self.confirmed if today - self.since < 2 * WINDOW_DAYS else (0,) * _BINS
        return replace(
            self, deltas=deltas, counts=bytes(counts), slots=slots, since=today,
            confirmed=(0,) * _BINS, earlier=earlier,
        )  # fmt: skip

    def learned(self, lesson: Lesson, usual: Sequence[int]) -> Self:
        """Return the model after a lesson; what is right already hardly moves it.

        Args:
            lesson: What is said.
            usual: Of each bucket, how many messages have it that nobody need teach; see `usual`.
        """
        if not lesson.buckets:
            return self
        root = math.sqrt(len(lesson.buckets))
        learned = sum([self.deltas[one] for one in lesson.buckets]) / (_STEPS * root)
        enough = learned >= MOST_UP if lesson.spam else learned <= -MOST_DOWN
        error = 0.0 if enough else lesson.spam - _probability(lesson.log_odds + learned)
        steps = _STEPS * _RATE * error / root
        deltas, counts, slots = self.deltas[:], bytearray(self.counts), self.slots[:]
        for one in set(lesson.buckets):
            moved = deltas[one] + round(steps / (1 + usual[one] + counts[one]))
            deltas[one] = max(-_MOST_STEPS, min(_MOST_STEPS, moved))
            counts[one] = min(_MOST_COUNT, counts[one] + 1)
            slots[one] |= lesson.slots
        ham, spam = self.ham + (not lesson.spam), self.spam + lesson.spam
        return replace(self, deltas=deltas, counts=bytes(counts), slots=slots, ham=ham, spam=spam)

    def confirming(self, log_odds: float) -> Self:
        """Return the model once somebody has confirmed that mail of this score was honest."""
        place = min(_BINS - 1, max(0, math.floor(log_odds / _BIN)))
        confirmed = tuple([count + (at == place) for at, count in enumerate(self.confirmed)])
        return replace(self, confirmed=confirmed)

    def over(self, shipped: SpamModel) -> LearnedModel:
        """Return what messages are scored by."""
        weights = array(
            "h",
            [
                delta if delta and slots.bit_count() >= SHARED_BY else 0
                for delta, slots in zip(self.deltas, self.slots, strict=True)
            ],
        )
        known = tuple(map(sum, zip(self.confirmed, self.earlier, strict=True)))
        tag = calibrated(shipped.tag, TAGGED_HAM, known)
        quarantine = calibrated(shipped.quarantine, QUARANTINED_HAM, known)
        return LearnedModel(shipped, weights, tag, max(quarantine, tag + _LEAST_GAP))

    @property
    def shared(self) -> int:
        """Weights that count."""
        return sum(slots.bit_count() >= SHARED_BY for slots in self.slots)

    @property
    def waiting(self) -> int:
        """Weights that too few have taught."""
        return sum(0 < slots.bit_count() < SHARED_BY for slots in self.slots)


AnyModel = SpamModel | LearnedModel
"""What messages are scored by."""


def calibrated(shipped: float, share: float, confirmed: Sequence[int]) -> float:
    """Return a threshold that honest mail keeps below.

    The shipped one counts as one false positive in as many messages as it promises. It rises to where no
    more of what was confirmed lies above than that allows; where nothing lies above, and enough was confirmed
    to be sure (three by the share, the rule of three), it falls to the highest that was seen.
    """
    whole = sum(confirmed)

    def above(threshold: float) -> int:
        return sum(confirmed[min(_BINS - 1, max(0, math.floor(threshold / _BIN))) :])

    moves = [_BIN * step for step in range(int(MOST_MOVED / _BIN) + 1)]
    if above(shipped) > 1 + share * whole:
        return next(
            (shipped + by for by in moves if above(shipped + by) <= 1 + share * whole), shipped + moves[-1]
        )
    if whole * share < 3:  # noqa: PLR2004 - the rule of three
        return shipped
    return shipped - max([by for by in moves if not above(shipped - by)], default=0.0)


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-_SURE, min(_SURE, log_odds))))
