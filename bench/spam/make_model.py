"""Make the model of spam from the SpamAssassin corpus and from our letters: `make model`.

Thresholds are scores of honest mail by models that know neither it nor its near-copies: the higher one of
what the corpus and the letters ask for. The same messages make the same octets; with `--check` nothing is
written, and the command fails where the model in the tree is another.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.spam.fitting import Example, Numbers, example, fit, out_of_fold
from bench.spam.letters import written
from bench.spam.mail_sets import spamassassin
from bench.spam.sample import Sample
from bench.spam.usual import packed, usual
from mailrelay.content.classifier.model import SpamModel
from mailrelay.content.classifier.usual import FILE

TARGET = Path("mailrelay/data/spam_model.bin")
USUAL = TARGET.with_name(FILE)
_LETTERS_EACH = 40
_TAGGED_HAM = 0.005
_QUARANTINED_HAM = 0.0005
_MARGIN = 0.5  # log-odds, since mail of tomorrow is not that of the corpus


def make(corpus: list[Sample], letters_each: int = _LETTERS_EACH) -> SpamModel:
    """Return the model of a corpus and of our letters; says what its thresholds mean."""
    samples = [*corpus, *written(letters_each)]
    examples = [example(sample) for sample in samples]
    scores = out_of_fold(examples)
    tag = _limit(_TAGGED_HAM, samples, scores)
    quarantine = _limit(_QUARANTINED_HAM, samples, scores) + _MARGIN
    _say(examples, scores, tag, quarantine)
    return fit(examples, round(tag, 2), round(quarantine, 2), _digest(samples))


def _digest(samples: Sequence[Sample]) -> str:
    digest = hashlib.sha256()
    for one in samples:
        digest.update(b"%d %d\n" % (one.spam, len(one.raw)) + one.raw)
    return digest.hexdigest()[:16]


def _limit(share: float, samples: Sequence[Sample], scores: Numbers) -> float:
    """Return the score that this share of honest mail lies above, in the worse of the sets."""
    return max(
        float(np.quantile(ours, 1 - share, method="higher"))
        for source in sorted({one.source for one in samples if not one.spam})
        if len(ours := scores[[one.source == source and not one.spam for one in samples]])
    )


def _say(examples: Sequence[Example], scores: Numbers, tag: float, quarantine: float) -> None:
    spam = np.array([one.spam for one in examples])
    for name, limit in (("tag", tag), ("quarantine", quarantine)):
        caught, lost = (scores[spam] >= limit).mean(), (scores[~spam] >= limit).mean()
        print(f"{name} from {limit:.2f}: {caught:.1%} of spam and {lost:.3%} of ham, out of fold")


def main() -> int:
    """Make the model and write it."""
    corpus = spamassassin()
    if not corpus:
        print("skipped: the SpamAssassin corpus is not there (make mail-samples)")
        return 1
    counts = usual([example(sample) for sample in (*corpus, *written(_LETTERS_EACH))])
    made = {TARGET: make(corpus).octets(), USUAL: packed(counts)}
    if "--check" in sys.argv:
        return int(any(octets != path.read_bytes() for path, octets in made.items()))
    for path, octets in made.items():
        path.write_bytes(octets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
