"""Fuzz what the relay makes of mail, both ways: `python -m tests.fuzz.rewriting --minutes 30 --seed 1`.

Real mail, the leak corpus and files of every kind are changed in their structure, an owner's data planted in
them, and the result passed on as a stranger's letter and as the owner's answer. Nothing may raise but what is
declared, no octet of a forwarded body may change, nothing of the owner may be read in an answer, every answer
must be mail as RFC 5322 has it, and the CPU time of a message of 100 KiB is bounded. What breaks a promise is
written to a folder, a few of each kind; `--replay FILE` tells again what it breaks.
"""

import argparse
import contextlib
import json
import re
import signal
import sys
import tempfile
import time
import traceback
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from types import FrameType

import pysequoia

from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.banner import LANGUAGES
from mailrelay.rewriting.encryption import UnusableKey, read_key
from mailrelay.rewriting.forward import ForwardFacts, author_of, rewrite_forward
from mailrelay.rewriting.reply import AnswerHeld, AutomaticMail, rewrite_reply
from tests.fuzz.mutation import changed, planted
from tests.mailrelay.conftest import NOW
from tests.mailrelay.rewriting.curious_reader import bare, readings_of
from tests.mailrelay.rewriting.metadata.files import CANARY
from tests.mailrelay.rewriting.test_forward import FACTS as TO_OWNER
from tests.mailrelay.rewriting.test_forward_corpus import ham_messages, mime_messages
from tests.mailrelay.rewriting.test_leaks import FACTS as TO_STRANGER
from tests.mailrelay.rewriting.test_leaks import IDENTITY, PROBES

OWNER = replace(IDENTITY, others=(*IDENTITY.others, CANARY))
MARKS = (
    *(value for value in OWNER.values() if len(value) > 3),
    "032 555 01 23",
    "home.example",
    "Müller-Lefèvre",
)
LONGEST_S = 2.0  # CPU time of a message of at most `TIMED_OCTETS`
TIMED_OCTETS = 100 * 1024
MOST_OCTETS = 200 * 1024
MOST_READ = 100 * 1024  # the reader that looks for the owner takes its time
HANGS_S = 60
KEPT_OF_A_KIND = 5
MOST_HAM = 400
SHORT = 10  # letters and digits
LONGEST_LINE = 998  # RFC 5322 section 2.1.1


@dataclass
class Findings:
    """What broke a promise, by kind, and some messages of each."""

    folder: Path
    counted: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, raw: bytes) -> None:
        self.counted[kind] += 1
        if self.counted[kind] <= KEPT_OF_A_KIND:
            name = re.sub(r"\W+", "-", kind)[:80]
            (self.folder / f"{name}-{self.counted[kind]}.eml").write_bytes(raw)
            say(kind)


def say(line: str) -> None:
    """Print at once, for a run takes long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def sources() -> list[bytes]:
    """Return the messages that mutation begins with."""
    ham = [message.raw for number, (_, message) in enumerate(ham_messages()) if number < MOST_HAM]
    mail = [*(probe.raw for probe in PROBES), *(message.raw for _, message in mime_messages()), *ham]
    return [canonical_line_ends(raw) for raw in mail if len(raw) <= TIMED_OCTETS]


def made(chance: Random, seeds: list[bytes]) -> bytes:
    """Return the next message."""
    raw = chance.choice(seeds)
    if chance.random() < 0.5:
        raw = planted(chance, changed(chance, raw), MARKS)
    else:
        raw = changed(chance, planted(chance, raw, MARKS))
    return raw[:MOST_OCTETS]


def forward_breaks(message: RawMessage, facts: ForwardFacts) -> Iterator[str]:
    """Yield what is wrong with the letter to the owner."""
    begun = time.process_time()
    try:
        sent = rewrite_forward(message, author_of(message, "x@y.example"), facts)
    except UnusableKey:
        return
    finally:
        taken = time.process_time() - begun
    if _is_slow(message, taken):
        yield "forward is slow"
    if facts.key is None and message.body not in sent.raw:
        yield "forward changed the body"
    around = facts.banner or facts.attach_original or facts.key is not None
    if not around and not sent.raw.endswith(b"\r\n\r\n" + message.body):
        yield "forward moved the body"


def reply_breaks(message: RawMessage, *, plain: bool) -> Iterator[str]:
    """Yield what is wrong with the answer to the stranger."""
    facts = replace(TO_STRANGER, plain_text_only=plain, neutral_file_names=plain)
    sent, begun = None, time.process_time()
    with contextlib.suppress(AnswerHeld, AutomaticMail):
        sent = rewrite_reply(message, OWNER, facts).message
    if _is_slow(message, time.process_time() - begun):
        yield "reply is slow"
    if sent is None:
        return
    if not sent.raw.isascii() or any(len(line) > LONGEST_LINE for line in sent.raw.split(b"\r\n")):
        yield "reply is no mail of 7 bits in lines of 998"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", sent.raw):
        yield "reply has bare line ends"
    if len(sent.raw) <= MOST_READ:
        yield from (f"reply shows {mark}" for mark in shown(sent.raw))


def _is_slow(message: RawMessage, taken_s: float) -> bool:
    return taken_s > LONGEST_S and len(message.raw) <= TIMED_OCTETS


def shown(raw: bytes) -> list[str]:
    """Return what of the owner can be read in a message."""
    text = "\n\n".join(dict.fromkeys(map(_folded, readings_of(raw))))
    return [mark for mark, pattern in _PATTERNS.items() if pattern.search(text)]


def _folded(text: str) -> str:
    """Return a text with its paragraphs on one line each."""
    paragraphs = re.split(r"\s*\n\s*\n\s*", unicodedata.normalize("NFC", text))
    return "\n".join(" ".join(one.split()) for one in paragraphs)


def _pattern(mark: str) -> re.Pattern[str]:
    # A short name in small letters within a sentence may be words of it, and stays.
    case = 0 if len(bare(mark)) < SHORT and mark.istitle() else re.IGNORECASE
    return re.compile(rf"(?<![^\W_]){re.escape(_folded(mark))}(?![^\W_])", case)


_PATTERNS = {mark: _pattern(mark) for mark in MARKS}


def breaks(raw: bytes, chance: Random) -> list[str]:
    """Return which promises are broken for a message."""
    message = RawMessage.parse(canonical_line_ends(raw))
    facts = replace(
        TO_OWNER,
        banner=chance.random() < 0.5,
        attach_original=chance.random() < 0.2,
        key=_KEY if chance.random() < 0.05 else None,
        language=chance.choice(LANGUAGES),
    )
    found: list[str] = []
    ways = {
        "forward": forward_breaks(message, facts),
        "reply": reply_breaks(message, plain=chance.random() < 0.2),
    }
    for name, broken in ways.items():
        try:
            found += broken
        except TimeoutError:
            found.append(f"{name} hangs")
        except Exception as error:  # noqa: BLE001 - that it raises is the finding
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if "/mailrelay/" in frame.filename] or frames
            found.append(f"{type(error).__name__} in {Path(own[-1].filename).name} {own[-1].name}")
    return found


_KEY = read_key(bytes(pysequoia.Tsk.generate("Owner <owner@home.example>").extract_certificate()), NOW)


def _hangs(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def fuzz(minutes: float, seed: int, folder: Path) -> Findings:
    """Make messages and look at them for a time."""
    findings, seeds, chance = Findings(folder), sources(), Random(seed)  # noqa: S311 - to be repeated
    signal.signal(signal.SIGALRM, _hangs)
    end, number = time.monotonic() + minutes * 60, 0
    while time.monotonic() < end:
        raw = made(chance, seeds)
        signal.alarm(HANGS_S)
        for kind in breaks(raw, chance):
            findings.add(kind, raw)
        signal.alarm(0)
        number += 1
    say(json.dumps({"messages": number, "minutes": minutes, "seed": seed, "findings": findings.counted}))
    return findings


def main() -> int:
    """Return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description="fuzz forward and reply")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where findings are kept; a new one by default")
    parser.add_argument("--replay", type=Path, help="a finding to look at again")
    chosen = parser.parse_args()
    if chosen.replay:
        found = breaks(chosen.replay.read_bytes(), Random(chosen.seed))  # noqa: S311 - to be repeated
        say("\n".join(found))
        return bool(found)
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    say(f"findings go to {folder}")
    return bool(fuzz(chosen.minutes, chosen.seed, folder).counted)


if __name__ == "__main__":
    sys.exit(main())
