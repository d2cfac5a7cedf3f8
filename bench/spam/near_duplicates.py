"""Put near-copies into one group, so that no message is judged by a model that knows its twin.

Runs of three words are hashed, the eight smallest are kept, and messages that share four of them are one
group (Broder 1997), as are variants of one template.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence

_RUN = 3
_KEPT = 8
_ALIKE = 4
_MOST_COMMON = 200  # a run that more messages have is a phrase of many, and makes no copies


def groups(texts: Sequence[bytes], known: Sequence[str]) -> list[int]:
    """Return a number for each text, the same for near-copies and for equal names in `known`."""
    leader = list(range(len(texts)))

    def root(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    having: defaultdict[int | str, list[int]] = defaultdict(list)
    for number, (text, name) in enumerate(zip(texts, known, strict=True)):
        shared: Counter[int] = Counter()
        for one in _sketch(text):
            if len(having[one]) < _MOST_COMMON:
                shared.update(having[one])
                having[one].append(number)
        alike = [other for other, count in shared.items() if count >= _ALIKE]
        if name:
            alike += having[name][:1]
            having[name].append(number)
        for other in alike:
            leader[root(number)] = root(other)
    return [root(number) for number in range(len(texts))]


def _sketch(text: bytes) -> list[int]:
    words = text.split()
    runs = {zlib.crc32(b" ".join(words[at : at + _RUN])) for at in range(max(1, len(words) - _RUN + 1))}
    return sorted(runs)[:_KEPT]
