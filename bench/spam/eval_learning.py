"""What learning from owners is worth, and what its abuse costs: prints a table and JSON.

Two collections are judged in order of time, by a model that is older than they are; simulated owners report
errors, release what was held, and answer honest mail. Figures are of the newer half, where each message is
scored before anybody says what it is. Then somebody with addresses of his own teaches falsely.
"""

import json
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from bench.spam.figures import Share, area_interval, area_under_roc, at_least, caught_at
from bench.spam.fitting import example
from bench.spam.learning_stream import Letter, Owners, Stream
from bench.spam.letters import written
from bench.spam.mail_sets import CORPUS, SHARED, archive, newest_third, spamassassin
from bench.spam.make_model import make
from bench.spam.sample import Sample, arrival
from bench.spam.usual import usual
from mailrelay.content.classifier.model import SpamModel, shipped_model
from mailrelay.content.classifier.usual import usual_features

_FALSE_POSITIVES = (0.001, 0.005, 0.01)
_ATTACKERS, _LESSONS_EACH, _CONFIRMED_EACH = 6, 20, 5  # mailboxes, and what each may teach in a month
_BEHAVIOURS = {
    "shipped model": Owners(reports=0.0, answers=0.0, recalibrates=False),
    "half of errors reported": Owners(),
    "half, thresholds stay": Owners(recalibrates=False),
    "half, nobody answers": Owners(answers=0.0),
    "a fifth of errors reported": Owners(reports=0.2),
    "9 of 10 errors reported": Owners(reports=0.9),
    "half, 8 owners": Owners(count=8),
}

Row = dict[str, str]


class Shipped(NamedTuple):
    """What learning begins with."""

    model: SpamModel
    usual: bytes


def streams() -> Iterator[tuple[str, Shipped, list[Letter]]]:
    """Yield the collections that are there, in order of time."""
    corpus = spamassassin()
    if corpus:
        older, newest = newest_third(corpus)
        yield _stream("SpamAssassin corpus, newest third", older, newest)
        hard = {path.read_bytes() for path in (CORPUS / "hard-ham-1").glob("*.txt")}
        known = [one for one in older if one.raw not in hard]
        unseen = [one for one in corpus if one.raw in hard] + [one for one in newest if one.spam]
        yield _stream("newsletters that the model has not seen, and spam", known, unseen)
    else:
        print("left out: the SpamAssassin corpus is not there (make mail-samples)")
    recent = [
        replace(one, sent_at=arrival(one.raw))
        for one in archive(SHARED / "spam/dev_2009_2024.tar.gz")
        if one.source.startswith("csdmc")
    ]
    if recent:
        ordered = sorted(recent, key=lambda one: one.sent_at)
        model = shipped_model()
        yield (
            "mail of 2009-10 (CSDMC)",
            Shipped(model, usual_features()),
            [Letter.read(one, model) for one in ordered],
        )
    else:
        print("left out: mail of 2009-10 is not there")


def _stream(title: str, known: list[Sample], samples: list[Sample]) -> tuple[str, Shipped, list[Letter]]:
    """Return messages in order of time, and a model of others."""
    model = make(known)
    counts = usual([example(one) for one in (*known, *written(40))])
    ordered = sorted(samples, key=lambda one: one.sent_at)
    return title, Shipped(model, counts), [Letter.read(one, model) for one in ordered]


def learning(letters: Sequence[Letter], shipped: Shipped) -> Iterator[Row]:
    """Yield the figures of the newer half for each behaviour of the owners."""
    for name, owners in _BEHAVIOURS.items():
        stream = Stream(*shipped, owners)
        judged = [(letter.spam, *stream.judge(letter)) for letter in letters]
        yield {"owners": name, **_figures(judged[len(judged) // 2 :]), **_lessons(stream)}


def _figures(judged: Sequence[tuple[bool, float, bool, bool]]) -> Row:
    ham = [one for one in judged if not one[0]]
    spam = [one for one in judged if one[0]]
    ham_scores, spam_scores = [one[1] for one in ham], [one[1] for one in spam]
    low, high = area_interval(ham_scores, spam_scores)
    row = {"AUC": f"{area_under_roc(ham_scores, spam_scores):.4f} [{low:.4f}, {high:.4f}]"}
    for share in _FALSE_POSITIVES:
        row[f"caught at {share:.1%}"] = str(caught_at(share, ham_scores, spam_scores))
    for title, place in (("marked", 2), ("held", 3)):
        for name, ones in (("ham", ham), ("spam", spam)):
            row[f"{name} {title}"] = str(Share(sum(bool(one[place]) for one in ones), len(ones)))
    return row


def _lessons(stream: Stream) -> Row:
    return {
        "lessons": f"{stream.lessons['spam']} spam, {stream.lessons['ham']} ham",
        "thresholds": f"{stream.model.tag - stream.shipped.tag:+.2f}, "
        f"{stream.model.quarantine - stream.shipped.quarantine:+.2f}",
    }


def attacks(letters: Sequence[Letter], shipped: Shipped) -> Iterator[Row]:
    """Yield what false lessons do: to what they are about, and to all other mail."""
    spam = [one for one in letters if one.spam]
    half = len(spam) // 2
    random.Random(1).shuffle(spam)  # noqa: S311 - no secret
    ham = [one for one in letters if not one.spam]
    campaign = _letters(shipped.model, spam=True, groups="web-design seo")
    inquiries = _letters(shipped.model, spam=False, groups="purchase-offer")
    others = {"other spam": spam[half:], "ham": ham}
    for name, honest in (("nobody", []), ("owners", spam[:half])):
        for title, own, says_spam in (
            ("a campaign of its own", campaign, False),
            ("other senders' spam", spam[:half], False),
        ):
            stream = _attacked(shipped, own, honest, says_spam=says_spam)
            yield _damage(f"releases {title}; {name} report spam", stream, {title: own, **others})
    stream = _attacked(shipped, inquiries, [], says_spam=True)
    yield _damage("reports purchase inquiries", stream, {"inquiries": inquiries, "ham": ham, "spam": spam})


def _letters(model: SpamModel, *, spam: bool, groups: str) -> list[Letter]:
    kinds = groups.split()
    return [
        Letter.read(one, model)
        for one in written(10)
        if one.spam is spam and one.group.split("/")[1] in kinds
    ]


def _attacked(
    shipped: Shipped, own: Sequence[Letter], honest: Sequence[Letter], *, says_spam: bool
) -> Stream:
    """Return a stream after all that attackers may teach, each turn followed by one of honest owners."""
    stream, reports = Stream(*shipped, Owners()), iter(honest)
    for number in range(_ATTACKERS * _LESSONS_EACH):
        letter = own[number % len(own)]
        stream.teach(letter.lesson(spam=says_spam, slots=1 << number % _ATTACKERS, held=not says_spam))
        if not says_spam and number < _ATTACKERS * _CONFIRMED_EACH:
            stream.local = stream.local.confirming(stream.score(letter))
        if (report := next(reports, None)) is not None:
            owner = 1 << stream.chance.randrange(32)
            stream.teach(report.lesson(spam=True, slots=owner, held=False))
    stream.refresh()
    return stream


def _damage(title: str, stream: Stream, sets: dict[str, Sequence[Letter]]) -> Row:
    row = {"attack": title, **_lessons(stream)}
    for name, letters in sets.items():
        before, after = [one.log_odds for one in letters], [stream.score(one) for one in letters]
        row[f"{name}, mean"] = f"{_mean(before):.2f} -> {_mean(after):.2f}"
        for what, shipped, here in (
            ("marked", stream.shipped.tag, stream.model.tag),
            ("held", stream.shipped.quarantine, stream.model.quarantine),
        ):
            row[f"{name} {what}"] = f"{at_least(shipped, before)} -> {at_least(here, after)}"
    return row


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _say(rows: Iterable[Row]) -> list[Row]:
    kept = []
    for row in rows:
        print("; ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        kept.append(row)
    return kept


def main() -> int:
    """Measure, and print."""
    found = []
    for title, shipped, letters in streams():
        print(f"\n{title}: {len(letters)} messages")
        found += _say({"set": title, **row} for row in learning(letters, shipped))
        found += _say({"set": title, **row} for row in attacks(letters, shipped))
    print(json.dumps({"bench": "spam learning", "results": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
