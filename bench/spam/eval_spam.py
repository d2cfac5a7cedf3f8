"""How well spam is told from honest mail: `make eval-spam` prints a table and JSON.

Mail sets that are not there are left out by name, as are filters that are not installed. What tells the class
of a collection (date, recipient, lists, scanners) is masked. No model sees what it is measured on: the newest
third of the SpamAssassin corpus is judged by one that was made of the older part.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.spam.figures import area_interval, area_under_roc, at_least, caught_at
from bench.spam.mail_sets import HONEST, SHARED, archive, folder, newest_third, spamassassin
from bench.spam.make_model import make
from bench.spam.peers import PEERS
from bench.spam.sample import Sample, masked, masked_content
from mailrelay.content.classifier.model import SpamModel, shipped_model
from mailrelay.content.reading import Content
from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS, points, rule_hits, together
from mailrelay.message import RawMessage

_FALSE_POSITIVES = (0.001, 0.005, 0.01)
_HAM_OF_2009 = "csdmc_ham_2009_10"
Judging = Callable[[RawMessage, Content], float]


@dataclass(frozen=True, slots=True)
class MailSet:
    """Messages to judge, the model and the mail that filters may know, and what is reported together.

    Attributes:
        parts: Title and the sources that belong to it.
    """

    samples: Sequence[Sample]
    model: SpamModel
    known: Sequence[Sample]
    parts: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Scores of one filter on one set."""

    ham: list[float]
    spam: list[float]
    tag: float
    quarantine: float
    cpu_ms: float

    def row(self) -> dict[str, str]:
        """Return the figures as text."""
        row = {"ham": str(len(self.ham)), "spam": str(len(self.spam)), "CPU ms": f"{self.cpu_ms:.2f}"}
        if self.ham and self.spam:
            low, high = area_interval(self.ham, self.spam)
            row["AUC"] = f"{area_under_roc(self.ham, self.spam):.4f} [{low:.4f}, {high:.4f}]"
            for share in _FALSE_POSITIVES:
                row[f"caught at {share:.1%}"] = str(caught_at(share, self.ham, self.spam))
        for name, limit in (("tagged", self.tag), ("quarantined", self.quarantine)):
            row[f"ham {name}"] = str(at_least(limit, self.ham))
            row[f"spam {name}"] = str(at_least(limit, self.spam))
        return row


def mail_sets() -> Iterator[MailSet]:
    """Yield the sets that are there."""
    corpus = spamassassin()
    if corpus:
        older, newest = newest_third(corpus)
        yield MailSet(
            newest, make(older), older, _parts(("SpamAssassin corpus, newest third", "spamassassin"))
        )
    else:
        print("left out: the SpamAssassin corpus is not there (make mail-samples)")
    # There is no honest mail of the years of the phishing; it is ranked against that of 2009-10.
    recent = list(archive(SHARED / "spam/dev_2009_2024.tar.gz"))
    titles = [
        (f"{source} with {_HAM_OF_2009}", source, _HAM_OF_2009)
        for source in sorted({one.source for one in recent if one.spam})
    ]
    honest = [*folder(SHARED / "automatic", "abuse reports"), *folder(SHARED / "dsn", "bounces")]
    honest += folder(HONEST, "letters to owners")
    titles += [(source, source, source) for source in sorted({one.source for one in honest})]
    if not recent:
        print("left out: mail of 2009 to 2024 is not there")
    yield MailSet([*recent, *honest], shipped_model(), corpus, _parts(*titles))


def _parts(*titles: tuple[str, ...]) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((title, frozenset(sources)) for title, *sources in titles)


def _judge(samples: Sequence[Sample], judging: Judging) -> tuple[list[float], float]:
    """Return scores, and CPU milliseconds a message without reading it, which costs ours all the same."""
    read = [(message, masked_content(message)) for message in (masked(one.raw) for one in samples)]
    start_s = time.process_time()
    scores = [judging(message, content) for message, content in read]
    return scores, 1000 * (time.process_time() - start_s) / len(samples)


def _filters(model: SpamModel) -> tuple[tuple[str, float, float, Judging], ...]:
    """Return (name, tag, quarantine, how it judges) of ours: the score as shipped, and what it is made of."""

    def whole(message: RawMessage, content: Content) -> float:
        hits = rule_hits(message, content)
        return together(model.score(message, content, tuple([name for name, _ in hits])), hits)

    def alone(message: RawMessage, content: Content) -> float:
        return model.score(message, content, tuple([name for name, _ in rule_hits(message, content)]))

    def rules(message: RawMessage, content: Content) -> float:
        return sum([weight for _, weight in rule_hits(message, content)])

    return (
        ("whoisproxy", model.tag, model.quarantine, whole),
        ("its model alone", model.tag, model.quarantine, alone),
        ("its rules alone", TAG_POINTS, QUARANTINE_POINTS, rules),
    )


def results(one: MailSet) -> Iterator[tuple[str, str, Result]]:
    """Yield part, filter, and what the filter makes of the part."""
    assert points(one.model.tag, one.model) == TAG_POINTS
    for name, tag, quarantine, judging in _filters(one.model):
        yield from _results(one, name, *_judge(one.samples, judging), tag, quarantine)
    for peer in PEERS:
        if peer.is_there and one.known:
            yield from _results(
                one, peer.name, *peer.judge(one.known, one.samples), peer.tag, peer.quarantine
            )


def _results(  # noqa: PLR0913, PLR0917 - what is known of a filter
    one: MailSet, name: str, scores: list[float], cpu_ms: float, tag: float, quarantine: float
) -> Iterator[tuple[str, str, Result]]:
    for title, sources in one.parts:
        pairs = [
            (s, sample.spam)
            for s, sample in zip(scores, one.samples, strict=True)
            if sample.source in sources
        ]
        ham, spam = [s for s, is_spam in pairs if not is_spam], [s for s, is_spam in pairs if is_spam]
        yield title, name, Result(ham, spam, tag, quarantine, cpu_ms)


def main() -> int:
    """Measure all sets and print."""
    table: list[dict[str, str]] = []
    for peer in PEERS:
        if not peer.is_there:
            print(f"left out: {peer.name} is not installed")
    for one in mail_sets():
        for title, name, result in results(one):
            row = {"set": title, "filter": name, **result.row()}
            table.append(row)
            print("; ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    print(json.dumps({"bench": "spam", "results": table}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
