"""Filters that judge the same messages: ours as it is shipped, what it is made of, and its peers."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.spam.peers import Peer
from bench.spam.sample import Sample, masked, masked_content
from mailrelay.content.classifier.model import SpamModel
from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS, rule_hits, together
from mailrelay.message import RawMessage


@dataclass(frozen=True, slots=True)
class Scored:
    """What one filter makes of messages.

    Attributes:
        tag: Score from which on it marks.
        quarantine: Score from which on it would hold.
        scores: Of each message, in order.
        cpu_ms: For a message; parsing, start and learning are in it.
    """

    name: str
    tag: float
    quarantine: float
    scores: list[float]
    cpu_ms: float


def scored(
    samples: Sequence[Sample], model: SpamModel, known: Sequence[Sample], peers: Sequence[Peer]
) -> Iterator[Scored]:
    """Yield what each filter makes of `samples`; peers that learn are shown `known`."""
    yield from _ours(samples, model)
    for peer in peers:
        if peer.is_there and (known or not peer.learns):
            scores, cpu_ms = peer.judge(known, samples)
            yield Scored(peer.name, peer.tag, peer.quarantine, scores, cpu_ms)


def _ours(samples: Sequence[Sample], model: SpamModel) -> Iterator[Scored]:
    whole: list[float] = []
    alone: list[float] = []
    rules: list[float] = []
    messages = [masked(one.raw).raw for one in samples]
    start_s = time.process_time()
    for raw in messages:
        message = RawMessage.parse(raw)
        content = masked_content(message)
        hits = rule_hits(message, content)
        alone.append(model.score(message, content, tuple([name for name, _ in hits])))
        whole.append(together(alone[-1], hits))
        rules.append(sum([weight for _, weight in hits]))
    cpu_ms = 1000 * (time.process_time() - start_s) / (len(samples) or 1)
    yield Scored("whoisproxy", model.tag, model.quarantine, whole, cpu_ms)
    yield Scored("its model alone", model.tag, model.quarantine, alone, cpu_ms)
    yield Scored("its rules alone", TAG_POINTS, QUARANTINE_POINTS, rules, cpu_ms)
