"""The honest messages that look most like spam, and why what is flagged is: `python -m bench.spam.worst`.

All honest mail that there is goes through the checks of the message stage, as `whoisproxy mail judge` has
them: as it is, without the DNS, for an owner who has spam held. The newest third of the SpamAssassin corpus
is judged by a model that was made of the older part. A message goes by the first digits of its SHA-256, for
nothing of it shall stand in a report; `--text` adds what of its words weighed most, for whoever reads them.
"""

import argparse
import asyncio
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.spam.mail_sets import HONEST, SHARED, archive, folder, newest_third, spamassassin
from bench.spam.make_model import make
from bench.spam.sample import Sample
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.verdict import Action
from mailrelay.content.classifier.model import SpamModel, shipped_model
from mailrelay.content.reading import Content, read_content
from mailrelay.content.score import rule_hits, together
from mailrelay.judging import Facts, Judge, Judgement
from mailrelay.message import RawMessage, canonical_line_ends

_MOST = 20
_DIGITS = 10
_SILENT = frozenset({"mail-class", "spam-decision"})


@dataclass(frozen=True, slots=True)
class Judged:
    """An honest message and what was made of it.

    Attributes:
        log_odds: Of its content; most honest mail is far below 0, which is where points begin.
    """

    sample: Sample
    model: SpamModel
    judgement: Judgement
    log_odds: float

    @property
    def reasons(self) -> tuple[str, ...]:
        """Names of what speaks against it."""
        found = [one for one in self.judgement.verdicts if one.check not in _SILENT]
        return tuple(dict.fromkeys(reason for one in found for reason in one.reason.split()))

    @property
    def decided_by(self) -> str:
        """What made the decision: of `spam-decision` the case, of other checks their name and reason."""
        gravest = max(self.judgement.verdicts, key=lambda one: one.action)
        return gravest.reason if gravest.check == "spam-decision" else f"{gravest.check}: {gravest.reason}"

    def row(self) -> str:
        """Return what is known of it, without a word of it."""
        name = hashlib.sha256(self.sample.raw).hexdigest()[:_DIGITS]
        judged = self.judgement
        scores = f"{self.log_odds:5.2f}  {judged.score:5.2f}"
        decided = f"{judged.action.name.lower():10}  {judged.mail_class:16}"
        return f"{scores}  {decided}  {self.sample.source:20}  {name}  {' '.join(self.reasons)}"

    def words(self) -> str:
        """Return what of it weighed most for spam."""
        message, content = _read(self.sample)
        names = tuple([name for name, _ in rule_hits(message, content)])
        weighed = [one for one in self.model.reasons(message, content, names) if one.weight > 0]
        return " ".join(f"{one.name} {one.weight}" for one in weighed[:_MOST])


def ham() -> Iterator[tuple[SpamModel, Sequence[Sample]]]:
    """Yield honest messages, and the model that has not seen them."""
    if corpus := spamassassin():
        older, newest = newest_third(corpus)
        yield make(older), [one for one in newest if not one.spam]
    else:
        print("left out: the SpamAssassin corpus is not there (make mail-samples)")
    recent = [one for one in archive(SHARED / "spam/dev_2009_2024.tar.gz") if not one.spam]
    if not recent:
        print("left out: mail of 2009 to 2010 is not there")
    honest = [*folder(SHARED / "automatic", "abuse reports"), *folder(SHARED / "dsn", "bounces")]
    yield shipped_model(), [*recent, *honest, *folder(HONEST, "letters to owners")]


async def judged(model: SpamModel, samples: Sequence[Sample]) -> list[Judged]:
    """Return what the checks make of honest messages."""

    def now() -> datetime:
        return datetime.now(UTC)

    judge = Judge(build_chains(CheckLimits(), now, spam_model=lambda: model).message, Facts(), now)
    return [Judged(one, model, await judge.judge(one.raw), _log_odds(one, model)) for one in samples]


def _log_odds(sample: Sample, model: SpamModel) -> float:
    message, content = _read(sample)
    hits = rule_hits(message, content)
    return together(model.score(message, content, tuple([name for name, _ in hits])), hits)


def _read(sample: Sample) -> tuple[RawMessage, Content]:
    raw = sample.raw.partition(b"\n")[2] if sample.raw.startswith(b"From ") else sample.raw
    message = RawMessage.parse(canonical_line_ends(raw))
    return message, read_content(message)


def _print_table(all_of_them: Sequence[Judged]) -> None:
    for source in dict.fromkeys(one.sample.source for one in all_of_them):
        ours = [one for one in all_of_them if one.sample.source == source]
        flagged = [one for one in ours if one.judgement.action is not Action.ACCEPT]
        actions = Counter(one.judgement.action.name.lower() for one in flagged)
        print(f"\n{source}: {len(ours)} messages; {dict(actions) or 'none flagged'}")
        for what, names in (
            ("decided by", Counter(one.decided_by for one in flagged)),
            ("spoke against them", Counter(reason for one in flagged for reason in one.reasons)),
        ):
            if names:
                print(f"  {what}: {', '.join(f'{name} {count}' for name, count in names.most_common())}")


def main() -> int:
    """Print the worst, and how many were flagged in each set."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--text", action="store_true", help="with words of the messages")
    arguments.add_argument("--most", type=int, default=_MOST)
    chosen = arguments.parse_args()
    all_of_them = [one for model, samples in ham() for one in asyncio.run(judged(model, samples))]
    worst = sorted(all_of_them, key=lambda one: -one.log_odds)[: chosen.most]
    for rank, one in enumerate(worst, 1):
        print(f"{rank:2}  {one.row()}")
        for line in one.judgement.why:
            print(f"      {line}")
        if chosen.text:
            print(f"      {one.words()}")
    _print_table(all_of_them)
    return 0


if __name__ == "__main__":
    sys.exit(main())
