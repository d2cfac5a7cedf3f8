"""Somebody with several mailboxes and all the lessons that they are given teaches falsely."""

from collections.abc import Sequence
from statistics import fmean

import pytest

from bench.spam.learning_stream import Letter, Owners, Stream
from bench.spam.letters import written
from mailrelay.content.classifier.learned import MOST_DOWN, MOST_MOVED, MOST_UP
from mailrelay.content.classifier.model import shipped_model
from mailrelay.content.classifier.usual import usual_features

SHIPPED = shipped_model()
MAILBOXES, LESSONS_EACH, CONFIRMED_EACH = 6, 20, 5


@pytest.fixture(scope="module")
def letters() -> dict[str, list[Letter]]:
    """Letters by kind, as `spam/seo` and `ham/neighbour`, in all languages."""
    kinds: dict[str, list[Letter]] = {}
    for sample in written(3):
        kind = f"{'spam' if sample.spam else 'ham'}/{sample.group.split('/')[1]}"
        kinds.setdefault(kind, []).append(Letter.read(sample, SHIPPED))
    return kinds


def _attacked(own: Sequence[Letter], *, says_spam: bool) -> Stream:
    stream = Stream(SHIPPED, usual_features(), Owners())
    for number in range(MAILBOXES * LESSONS_EACH):
        letter = own[number % len(own)]
        if not says_spam and number < MAILBOXES * CONFIRMED_EACH:
            stream.local = stream.local.confirming(stream.score(letter))
        stream.teach(letter.lesson(spam=says_spam, slots=1 << number % MAILBOXES, held=not says_spam))
    stream.refresh()
    return stream


def _moved(stream: Stream, letters: Sequence[Letter]) -> list[float]:
    return [stream.score(one) - one.log_odds for one in letters]


def test_spam_that_its_sender_releases_falls_by_the_bound_and_other_spam_by_less(
    letters: dict[str, list[Letter]],
) -> None:
    campaign = letters["spam/seo"]
    stream = _attacked(campaign, says_spam=False)
    assert min(_moved(stream, campaign)) >= -MOST_DOWN - 1e-9
    others = [
        one for kind, ones in letters.items() if kind not in {"spam/seo", "spam/web-design"} for one in ones
    ]
    assert fmean(_moved(stream, [one for one in others if one.spam])) > -MOST_DOWN / 2
    assert stream.model.tag - SHIPPED.tag <= MOST_MOVED
    assert stream.model.quarantine - SHIPPED.quarantine <= MOST_MOVED


def test_what_would_be_held_is_marked_whoever_releases_it(letters: dict[str, list[Letter]]) -> None:
    every = [one for kind, ones in letters.items() if kind.startswith("spam/") for one in ones]
    stream = _attacked(every, says_spam=False)
    held = [one for one in every if one.log_odds >= SHIPPED.quarantine]
    assert held
    assert min(stream.score(one) for one in held) >= stream.model.tag


@pytest.mark.parametrize("kind", ["ham/purchase-offer", "ham/journalist", "ham/neighbour"])
def test_honest_letters_that_are_reported_are_not_held_and_others_not_even_marked(
    letters: dict[str, list[Letter]], kind: str
) -> None:
    stream = _attacked(letters[kind], says_spam=True)
    assert max(_moved(stream, letters[kind])) <= MOST_UP
    assert max(map(stream.score, letters[kind])) < stream.model.quarantine
    others = [
        one for name, ones in letters.items() if name.startswith("ham/") and name != kind for one in ones
    ]
    assert max(map(stream.score, others)) < stream.model.tag
