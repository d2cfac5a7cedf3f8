"""Count how usual features are: in honest mail of the corpus, and in our letters of each language.

Of several counts the highest holds, so that what all French letters share counts as usual too. Of letters,
whole templates are counted, and but two of them: what few have is what they are about.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from bench.spam.fitting import Example, Numbers
from mailrelay.content.classifier.model import BUCKETS
from mailrelay.content.classifier.usual import OF

_FEW = 2


def usual(examples: Iterable[Example]) -> bytes:
    """Return the octets of the counts, one for each bucket."""
    templates: defaultdict[str, list[Example]] = defaultdict(list)
    for one in examples:
        if one.group or not one.spam:
            templates[one.group].append(one)
    highest = _shares(templates.pop("", []))
    languages: defaultdict[str, list[Numbers]] = defaultdict(list)
    for group, ours in templates.items():
        languages[group.partition("/")[0]].append(_shares(ours))
    for ours_of_language in languages.values():
        having = sum((share > 0.5 for share in ours_of_language), start=np.zeros(BUCKETS))
        highest = np.maximum(highest, np.maximum(having - _FEW, 0) / len(ours_of_language))
    return np.rint(OF * highest).astype(np.uint8).tobytes()


def packed(counts: bytes) -> bytes:
    """Return counts as a file."""
    return zlib.compress(counts, 9)


def _shares(examples: Sequence[Example]) -> Numbers:
    counts = np.zeros(BUCKETS)
    for one in examples:
        counts[np.unique(one.buckets)] += 1
    return counts / max(1, len(examples))
