"""How well copies of a campaign are recognised, at what price for honest mail, what remembering costs.

10,000 messages in the order of four days: 40 campaigns of 5 to 200 copies (`campaigns`) over a day and a
half each, to owners drawn from 5,000; honest mail of public collections, where what comes from one mailing
list, or from one domain without a list, goes to one owner, as it did; and, up to the number, real spam. A
message is found when two other recipients were sent near-copies within 48 hours. The first three copies of
a campaign do not count.

Beside ours, in the same run: runs of three words, the eight smallest hashes, near-copies share four
("reference"). CPU is that of the process; reading the message is in neither.

Then the memory: as many sketches as `--remembered` says (10,000,000 takes a quarter of an hour) go into a
memory of 200 octets for each, and some of all ages are looked for at the end.

Prints tables and JSON; with `--json` only JSON. Needs `make mail-samples`; `../shared/data` where it is
there.
"""

import os
import random
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from mmap import mmap

from bench.campaigns import campaigns
from bench.report import memory_mib, report
from bench.spam.mail_sets import SHARED, archive, spamassassin
from mailrelay.content.reading import Content, read_content
from mailrelay.content.seen import SeenMarks, minute_of
from mailrelay.content.similarity import DECISIVE, Sketch, Sketcher
from mailrelay.message import RawMessage

_MESSAGES, _CAMPAIGNS, _OWNERS = 10_000, 40, 5_000
_BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
_WINDOW = timedelta(hours=48)
_SPAN_S, _CAMPAIGN_S = 96 * 3600, 36 * 3600
_ARCHIVE = SHARED / "spam/dev_2009_2024.tar.gz"
_LIST_FIELDS = ("List-Id", "X-Mailing-List", "List-Post", "List-Unsubscribe", "X-Loop", "Sender")
_DEFAULT_MIB = 64
_OCTETS_EACH = 200
_CHUNK = 1000

# Records a message and returns how many other recipients were sent near-copies before.
Method = Callable[[Content, int, datetime], int]


@dataclass(frozen=True, slots=True)
class Mail:
    """One message of the stream; `copy` counts from 0 within its campaign."""

    at: datetime
    content: Content
    recipient: int
    kind: str
    copy: int = 0


def stream(seed: int = 1) -> list[Mail]:
    """Return the messages in the order in which they come."""
    chance = random.Random(seed)  # noqa: S311 - variety, no secret
    public = [
        (sample.spam, RawMessage.parse(_without_mbox_line(sample.raw)))
        for sample in [*spamassassin(), *archive(_ARCHIVE)]
    ]
    mails = [*_copies(chance)]
    mails += [
        Mail(_time(chance), read_content(message), _subscriber(message, number), "honest")
        for number, message in enumerate(message for spam, message in public if not spam)
    ]
    spam = [message for spam, message in public if spam]
    chance.shuffle(spam)
    mails += [
        Mail(_time(chance), read_content(message), chance.randrange(_OWNERS), "real spam")
        for message in spam[: max(0, _MESSAGES - len(mails))]
    ]
    return sorted(mails, key=lambda mail: mail.at)


def _without_mbox_line(raw: bytes) -> bytes:
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def _time(chance: random.Random) -> datetime:
    return _BEGIN + timedelta(seconds=chance.uniform(0, _SPAN_S))


def _copies(chance: random.Random) -> Iterator[Mail]:
    for campaign in campaigns(_CAMPAIGNS, chance):
        start = chance.uniform(0, _SPAN_S - _CAMPAIGN_S)
        count = chance.randint(5, 200)
        times = sorted(start + chance.uniform(0, _CAMPAIGN_S) for _ in range(count))
        kind = f"campaigns, {' and '.join(campaign.tricks) or 'slots alone'}"
        for copy, (at_s, owner) in enumerate(zip(times, chance.sample(range(_OWNERS), count), strict=True)):
            content = read_content(RawMessage.parse(campaign.copy(chance)))
            yield Mail(_BEGIN + timedelta(seconds=at_s), content, owner, kind, copy)


def _subscriber(message: RawMessage, number: int) -> int:
    """Return the recipient of honest mail: that of a list, else that of the author's domain."""
    name = next(filter(None, (message.first(field) for field in _LIST_FIELDS)), "")
    name = name or ".".join(message.first("From").rpartition("@")[2].strip(" >").split(".")[-2:])
    return 10**6 + (zlib.crc32(name.strip().lower().encode("utf-8", "replace")) if name else number)


def ours() -> Method:
    """Return our method with the memory of the embedded default."""
    sketcher = Sketcher(b"the same in every measurement...")
    seen = SeenMarks(memoryview(mmap(-1, _DEFAULT_MIB * 2**20)), _WINDOW)

    def method(content: Content, recipient: int, now: datetime) -> int:
        sketch = sketcher.sketch(content)
        others = seen.others(sketch, recipient, now)
        seen.add([mark for mark, _ in sketch.marks], recipient, minute_of(now))
        return others

    return method


def reference() -> Method:
    """Return the method that is the measure; what it remembers has no bound."""
    having: defaultdict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    numbers = iter(range(10**9))

    def method(content: Content, recipient: int, now: datetime) -> int:
        number, shared, owner = next(numbers), Counter[int](), {}
        for one in _eight(content):
            for at, other, whose in having[one]:
                if now - at <= _WINDOW:
                    shared[other] += 1
                    owner[other] = whose
            having[one].append((now, number, recipient))
        return len({owner[other] for other, count in shared.items() if count >= 4} - {recipient})

    return method


def _eight(content: Content) -> list[int]:
    words = content.text.lower().split()
    runs = (" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2)))
    return sorted({zlib.crc32(run.encode("utf-8", "replace")) for run in runs})[:8]


def recognition(mails: Sequence[Mail]) -> list[dict[str, object]]:
    """Return a row for each kind of mail and method."""
    rows = []
    for name, method in (("ours", ours()), ("reference", reference())):
        tried: Counter[str] = Counter()
        found: Counter[tuple[str, int]] = Counter()
        start = time.process_time()
        counts = [method(mail.content, mail.recipient, mail.at) for mail in mails]
        cpu_ms = (time.process_time() - start) / len(mails) * 1e3
        for mail, others in zip(mails, counts, strict=True):
            kinds = {mail.kind, "campaigns, all"} if mail.kind.startswith("campaigns") else {mail.kind}
            for kind in kinds if mail.copy >= 3 or len(kinds) == 1 else ():
                tried[kind] += 1
                found.update((kind, least) for least in (1, 2, 4) if others >= least)
        for kind, count in sorted(tried.items()):
            shares = {
                f"seen_by_{least}_others_percent": 100 * found[kind, least] / count for least in (1, 2, 4)
            }
            rows.append({"mail": kind, "method": name, "messages": count, **shares, "cpu_ms": cpu_ms})
    return sorted(rows, key=lambda row: str(row["mail"]))


def remembering(count: int) -> list[dict[str, object]]:
    """Return what it costs to remember `count` messages of 16 marks, and how many are found again."""
    octets = max(count * _OCTETS_EACH, _DEFAULT_MIB * 2**20)
    seen = SeenMarks(memoryview(mmap(-1, octets)), _WINDOW)
    chance = random.Random(1)  # noqa: S311 - variety, no secret
    rows: list[dict[str, object]] = []
    kept: list[tuple[int, ...]] = []
    for part in range(10):
        # Spread over two days, as the window has it.
        now = _BEGIN + timedelta(minutes=part * 280)
        cpu_s = 0.0
        for number in range(count // 10 // _CHUNK):
            chunk = [tuple(memoryview(chance.randbytes(128)).cast("Q").tolist()) for _ in range(_CHUNK)]
            cpu_s += _add(seen, chunk, now, part * count // 10 + number * _CHUNK)
            kept.append(chunk[0])
        start = time.process_time()
        hits = [_found(seen, marks, now) for marks in kept]
        rows.append({
            "remembered": (part + 1) * count // 10,
            "add_us": cpu_s / (count / 10) * 1e6,
            "look_up_us": (time.process_time() - start) / len(hits) * 1e6,
            "found_percent": 100 * sum(hits) / len(hits),
            "memory_mib": octets / 2**20,
            "pss_mib": memory_mib(os.getpid())[1],
        })  # fmt: skip
    return rows


def _add(seen: SeenMarks, texts: Sequence[tuple[int, ...]], now: datetime, recipient: int) -> float:
    """Remember texts, each for a recipient of its own; return the CPU seconds."""
    minute = minute_of(now)
    start = time.process_time()
    for number, marks in enumerate(texts):
        seen.add(marks, recipient + number, minute)
    return time.process_time() - start


def _found(seen: SeenMarks, marks: tuple[int, ...], now: datetime) -> bool:
    return seen.others(Sketch(tuple((mark, 1) for mark in marks), DECISIVE), -1, now) >= 1


def main() -> None:
    """Measure and report."""
    report("Near-copies in 10,000 messages", recognition(stream()))
    wanted = sys.argv[sys.argv.index("--remembered") + 1] if "--remembered" in sys.argv else "1000000"
    report("Remembering", remembering(int(wanted)))


if __name__ == "__main__":
    main()
