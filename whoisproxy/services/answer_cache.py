"""Finished answers in bounded memory: those not asked for the longest make room.

What is kept is true until somebody says that it has changed, and for a limited time in any case.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import REGISTRY, Gauge
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from whoisproxy.publication.answer import MISSING, Answer, Missing, ObjectKind, Question, View

_OCTETS = Gauge("whoisproxy_rdds_cache_octets", "Memory of the finished answers that are kept")
_ANSWERS = Gauge("whoisproxy_rdds_cache_answers", "Finished answers that are kept")

_ENTRY_OCTETS = 700
"""Of an entry besides the octets of its answer: keys, objects and what the allocator rounds up (measured)."""


@dataclass(eq=False)
class Tally(Collector):
    """How often an answer was there, and how often it was not; a plain number costs least to count."""

    hits: int = 0
    misses: int = 0

    def collect(self) -> Iterator[Metric]:
        """Give both to Prometheus."""
        family = CounterMetricFamily(
            "whoisproxy_rdds_cache", "Questions to the finished answers, by outcome", labels=["outcome"]
        )
        family.add_metric(["hit"], self.hits)
        family.add_metric(["miss"], self.misses)
        yield family


TALLY = Tally()
REGISTRY.register(TALLY)


class AnswerCache:
    """Answers by question, oldest use first.

    Args:
        octets: What all may take together, overhead included.
        lifetime_s: How long one is kept.
    """

    def __init__(self, octets: int, lifetime_s: float) -> None:
        self._most = octets
        self._lifetime_s = lifetime_s
        self._octets = 0
        self._kept: OrderedDict[Question, tuple[Answer | Missing, float]] = OrderedDict()
        # A host may belong to any domain that names it.
        self._hosts: set[Question] = set()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def octets(self) -> int:
        """What all take now, overhead included."""
        return self._octets

    def get(self, question: Question, now: float) -> Answer | Missing | None:
        """Return what is kept, or None.

        Args:
            question: As it was put.
            now: Seconds that never go back.
        """
        answer, until = self._kept.get(question, (None, now))
        if now >= until:
            TALLY.misses += 1
            return None
        TALLY.hits += 1
        self._kept.move_to_end(question)
        return answer

    def put(self, question: Question, answer: Answer | Missing, now: float) -> None:
        """Keep an answer, or that there is none, in place of what is kept."""
        self._drop(question)
        self._kept[question] = answer, now + self._lifetime_s
        if question.kind is ObjectKind.NAMESERVER:
            self._hosts.add(question)
        if isinstance(answer, Answer):
            answer.grown = self._grow
        else:
            # Whoever asks for names that nobody has must not drive out answers.
            self._kept.move_to_end(question, last=False)
        self._grow(_octets(question, answer))

    def forget(self, names: Iterable[str]) -> None:
        """Drop whatever may be about these domains."""
        for name in names:
            for view in View:
                self._drop(Question(view, ObjectKind.DOMAIN, name))
        for question in tuple(self._hosts):
            self._drop(question)
        self._show()

    def clear(self) -> None:
        """Drop everything."""
        for question in tuple(self._kept):
            self._drop(question)
        self._show()

    def _grow(self, octets: int) -> None:
        self._octets += octets
        while self._octets > self._most:
            self._drop(next(iter(self._kept)))
        self._show()

    def _drop(self, question: Question) -> None:
        answer, _ = self._kept.pop(question, (None, 0.0))
        if answer is None:
            return
        self._octets -= _octets(question, answer)
        self._hosts.discard(question)
        if answer is not MISSING:
            answer.grown = None

    def _show(self) -> None:
        _OCTETS.set(self._octets)
        _ANSWERS.set(len(self._kept))


def _octets(question: Question, answer: Answer | Missing) -> int:
    own = len(question.name) + _ENTRY_OCTETS
    return own if answer is MISSING else own + answer.octets
