"""How well spam is told from honest mail: `make eval-spam` prints a table and JSON.

Mail sets that are not there are left out by name, as are filters that are not installed. What tells the class
of a collection (date, recipient, lists, scanners) is masked. No model sees what it is measured on: the newest
third of the SpamAssassin corpus is judged by one that was made of the older part. With `--ham` and `--spam`,
each a folder, an mbox or an archive and as often as wanted, mail of one's own is measured as well.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.report import report
from bench.spam.figures import area_interval, area_under_roc, at_least, caught_at
from bench.spam.filters import Scored, scored
from bench.spam.mail_sets import HONEST, SHARED, archive, folder, from_outside, newest_third, spamassassin
from bench.spam.make_model import make
from bench.spam.peers import PEERS, Peer
from bench.spam.sample import Sample
from mailrelay.content.classifier.model import SpamModel, shipped_model

_FALSE_POSITIVES = (0.001, 0.005, 0.01)
_HAM_OF_2009 = "csdmc_ham_2009_10"


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


def mail_sets(corpus: list[Sample], outside: list[Sample]) -> Iterator[MailSet]:
    """Yield the sets that are there."""
    if corpus:
        older, newest = newest_third(corpus)
        title = ("SpamAssassin corpus, newest third", "spamassassin")
        yield MailSet(newest, make(older), older, _parts([title]))
    honest = [*folder(SHARED / "automatic", "abuse reports"), *folder(SHARED / "dsn", "bounces")]
    honest += folder(HONEST, "letters to owners")
    recent = list(archive(SHARED / "spam/dev_2009_2024.tar.gz"))
    # There is no honest mail of the years of the phishing; it is ranked against that of 2009-10.
    titles: list[tuple[str, ...]] = [
        (f"{spam} with {_HAM_OF_2009}", spam, _HAM_OF_2009) for spam in _sources(recent, spam=True)
    ]
    titles += [(source, source) for source in _sources([*honest, *outside], spam=False)]
    ham = _sources(outside, spam=False)
    titles += [(" with ".join([source, *ham]), source, *ham) for source in _sources(outside, spam=True)]
    yield MailSet([*recent, *honest, *outside], shipped_model(), corpus, _parts(titles))


def _sources(samples: Iterable[Sample], *, spam: bool) -> list[str]:
    return sorted({one.source for one in samples if one.spam is spam})


def _parts(titles: Iterable[tuple[str, ...]]) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((title, frozenset(sources)) for title, *sources in titles)


def rows(one: MailSet, peers: Sequence[Peer]) -> Iterator[dict[str, str]]:
    """Yield what each filter makes of each part."""
    for found in scored(one.samples, one.model, one.known, peers):
        print(f"{found.name} has judged {len(one.samples)} messages", file=sys.stderr, flush=True)
        for title, sources in one.parts:
            yield {"mail": title, "filter": found.name, **_row(one.samples, found, sources)}


def _row(samples: Sequence[Sample], found: Scored, sources: frozenset[str]) -> dict[str, str]:
    """Return the figures of a part as text, each with its interval."""
    pairs = [(s, one.spam) for s, one in zip(found.scores, samples, strict=True) if one.source in sources]
    ham, spam = [s for s, is_spam in pairs if not is_spam], [s for s, is_spam in pairs if is_spam]
    row = {"ham / spam": f"{len(ham)} / {len(spam)}", "AUC": "-"}
    row |= {f"caught at {share:.1%}": "-" for share in _FALSE_POSITIVES}
    if ham and spam:
        low, high = area_interval(ham, spam)
        row["AUC"] = f"{area_under_roc(ham, spam):.4f} [{low:.4f}, {high:.4f}]"
        row |= {f"caught at {share:.1%}": str(caught_at(share, ham, spam)) for share in _FALSE_POSITIVES}
    for name, limit in (("tagged", found.tag), ("held", found.quarantine)):
        row[f"ham {name}"] = str(at_least(limit, ham))
        row[f"spam {name}"] = str(at_least(limit, spam))
    return {**row, "CPU ms": f"{found.cpu_ms:.2f}"}


def _missing(corpus: list[Sample]) -> Iterator[str]:
    """Yield what is left out, and why."""
    if not corpus:
        yield "the SpamAssassin corpus is not there (make mail-samples), nor what learns from it"
    for path in (SHARED / "spam/dev_2009_2024.tar.gz", SHARED / "automatic", SHARED / "dsn"):
        if not path.exists():
            yield f"{path.name} is not there"
    for peer in PEERS:
        if not peer.is_there:
            yield f"{peer.name} is not installed (make spam-services)"


def main() -> int:
    """Measure all sets and print."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    options.add_argument("--ham", type=Path, action="append", default=[], help="honest mail of one's own")
    options.add_argument("--spam", type=Path, action="append", default=[], help="spam of one's own")
    options.add_argument("--without-peers", action="store_true", help="measure our filter alone")
    options.add_argument("--json", action="store_true", help="no table")
    given = options.parse_args()
    peers = () if given.without_peers else PEERS
    corpus = spamassassin()
    outside = [one for path in given.ham for one in from_outside(path, spam=False)]
    outside += [one for path in given.spam for one in from_outside(path, spam=True)]
    for what in _missing(corpus):
        print(f"left out: {what}")
    report("spam", [row for one in mail_sets(corpus, outside) for row in rows(one, peers)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
