"""How kinds of letters are told apart: `python -m bench.spam.classes` prints what each set is taken for.

Letters are those of the templates, which were at hand when the phrases were written: they show gaps, no more.
The other sets are mail of other people; who is honest there is a lawyer or an abuse desk by chance only.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from bench.spam.letters import written
from bench.spam.mail_sets import CORPUS, HONEST, SHARED, archive, folder, spamassassin
from bench.spam.sample import Sample
from mailrelay.checks.mail_class import may_be_complaint
from mailrelay.content.kinds import Structure, classify
from mailrelay.content.reading import Content, read_content
from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.reports.reading.complaint import complaint_in

_EACH = 60
_ROUNDS = 5


def main() -> None:
    """Print a line for each set, then the time a message takes."""
    letters = written(_EACH, seed=7)
    corpus = spamassassin(CORPUS)
    others = [*archive(SHARED / "spam/dev_2009_2024.tar.gz"), *folder(HONEST, "honest")]
    arf = [
        Sample(path.read_bytes(), spam=False, source="arf") for path in (SHARED / "automatic").rglob("*.eml")
    ]
    _print(letters, lambda one: one.group.split("/")[1])
    _print([*corpus, *others, *arf], lambda one: one.source)
    for name, samples in (("letters", letters), ("spamassassin", corpus)):
        if samples:
            _print_time(name, samples[::3])


def _print(samples: Iterable[Sample], set_of: Callable[[Sample], str]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in samples:
        message, content = _read(sample)
        complaint = complaint_in(message.raw) if may_be_complaint(message, content) else ""
        kind = classify(message, content, Structure(complaint))
        counts[f"{'spam' if sample.spam else 'honest'} {set_of(sample)}"][kind.mail_class.value] += 1
    for label in sorted(counts):
        print(f"{label:32}", ", ".join(f"{name} {count}" for name, count in counts[label].most_common()))


def _print_time(name: str, samples: Sequence[Sample]) -> None:
    read = [_read(sample) for sample in samples]
    for _, content in read:
        _ = content.businesses  # the score asks for them before
    took_s = min(_once(read) for _ in range(_ROUNDS))
    print(f"{name}: {1e6 * took_s / len(read):.0f} µs of CPU a message, beyond reading and scoring it")


def _once(read: Sequence[tuple[RawMessage, Content]]) -> float:
    start_s = time.process_time()
    for message, content in read:
        may_be_complaint(message, content)
        classify(message, content)
    return time.process_time() - start_s


def _read(sample: Sample) -> tuple[RawMessage, Content]:
    raw = sample.raw.partition(b"\n")[2] if sample.raw.startswith(b"From ") else sample.raw
    message = RawMessage.parse(canonical_line_ends(raw))
    return message, read_content(message)


if __name__ == "__main__":
    main()
