"""A stream of mail to owners who report errors, and a model that learns from them, in order of time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.spam.sample import Sample, masked, masked_content
from mailrelay.content.classifier.grams import grams, normal_form
from mailrelay.content.classifier.learned import LearnedModel, Lesson, LocalModel
from mailrelay.content.classifier.model import BUCKETS, SpamModel, buckets
from mailrelay.content.score import rule_hits, together

_SLOTS = 32
_TODAY = 1  # the collections are too short for windows to matter
_RELEASES = 0.9  # owners look through what was held
_NOTICED_AFTER = 20  # messages until processes have read what was learned


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is judged, and as it is learned from what its owner has of it.

    Attributes:
        log_odds: Of the shipped model and the rules.
        words: Buckets of its words alone.
        words_log_odds: Of these alone.
    """

    buckets: Sequence[int]
    log_odds: float
    words: Sequence[int]
    words_log_odds: float
    spam: bool

    @classmethod
    def read(cls, sample: Sample, model: SpamModel) -> "Letter":
        """Read a message, with what gives its class away masked."""
        message = masked(sample.raw)
        content = masked_content(message)
        hits = rule_hits(message, content)
        mine = buckets(message, content, tuple(name for name, _ in hits))
        words = sorted(one % BUCKETS for one in grams(normal_form(content)))
        log_odds = together(model.score_of(mine), hits)
        return cls(mine, log_odds, words, model.score_of(words), sample.spam)

    def lesson(self, *, spam: bool, slots: int, held: bool) -> Lesson:
        """Return what it teaches; what was delivered teaches by its words."""
        if held:
            return Lesson(self.buckets, self.log_odds, spam, slots)
        return Lesson(self.words, self.words_log_odds, spam, slots)


@dataclass(frozen=True, slots=True)
class Owners:
    """How the owners behave.

    Attributes:
        count: How many there are; each message is to one of them by chance.
        reports: Share of the errors among delivered mail that they report.
        answers: Share of honest mail that they answer.
        recalibrates: Whether thresholds move.
    """

    count: int = 50
    reports: float = 0.5
    answers: float = 0.2
    recalibrates: bool = True


@dataclass(slots=True)
class Stream:
    """Judges messages one after the other, and learns.

    Attributes:
        usual: How usual each feature is.
        model: As processes have read it.
        local: As it is by now.
    """

    shipped: SpamModel
    usual: bytes
    owners: Owners
    local: LocalModel = field(default_factory=lambda: LocalModel.empty(_TODAY))
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - no secret
    model: LearnedModel = field(init=False)
    lessons: dict[str, int] = field(default_factory=lambda: {"ham": 0, "spam": 0})
    _judged: int = 0

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Read what was learned."""
        self.model = self.local.over(self.shipped)
        if not self.owners.recalibrates:
            self.model = LearnedModel(
                self.shipped, self.model.weights, self.shipped.tag, self.shipped.quarantine
            )

    def score(self, letter: Letter) -> float:
        """Return the log-odds of a message now."""
        return letter.log_odds + self.model.correction(letter.buckets)

    def judge(self, letter: Letter) -> tuple[float, bool, bool]:
        """Return score, whether it is marked, and whether it is held; then let its owner speak."""
        self._judged += 1
        if self._judged % _NOTICED_AFTER == 0:
            self.refresh()
        score = self.score(letter)
        marked, held = score >= self.model.tag, score >= self.model.quarantine
        owner = 1 << self.chance.randrange(self.owners.count) % _SLOTS
        self._answer(letter, score, owner, marked=marked, held=held)
        return score, marked, held

    def _answer(self, letter: Letter, score: float, owner: int, *, marked: bool, held: bool) -> None:
        if letter.spam:
            if not held and self.chance.random() < self.owners.reports:
                self.teach(letter.lesson(spam=True, slots=owner, held=False))
        elif marked and self.chance.random() < (_RELEASES if held else self.owners.reports):
            self.local = self.local.confirming(score)
            self.teach(letter.lesson(spam=False, slots=owner, held=held))
        elif not held and self.chance.random() < self.owners.answers:
            self.local = self.local.confirming(score)

    def teach(self, lesson: Lesson) -> None:
        """Learn."""
        self.local = self.local.learned(lesson, self.usual)
        self.lessons["spam" if lesson.spam else "ham"] += 1
