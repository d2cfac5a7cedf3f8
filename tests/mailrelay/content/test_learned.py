"""What is learned moves scores by what was taught, for everybody only where several agree, and never far."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailrelay.content.classifier.learned import (
    EVERY_SLOT,
    MOST_DOWN,
    MOST_MOVED,
    MOST_UP,
    QUARANTINED_HAM,
    SHARED_BY,
    TAGGED_HAM,
    WINDOW_DAYS,
    Lesson,
    LocalModel,
    calibrated,
)
from mailrelay.content.classifier.model import BUCKETS, shipped_model
from mailrelay.content.classifier.usual import usual_features
from mailrelay.content.lessons import lesson_of
from mailrelay.content.reading import read_content
from mailrelay.content.score import log_odds_of, points, score
from mailrelay.message import RawMessage

TODAY = 740_000
SHIPPED = shipped_model()
USUAL = usual_features()
NONE = (0,) * 60
SCAM = RawMessage.parse(
    b"From: Ann Ruiz <ann@shop.example>\r\nSubject: Zyxwolin kaufe\r\n\r\nZyxwolin 30 mg, "
    b"Kwyjibo gel, Vuxmafil: bulk xenophir depot, wholesale pyrazol, tryx quvento today.\r\n"
)
LETTER = RawMessage.parse(
    b"From: Ben <ben@home.example>\r\nSubject: Opening times\r\n\r\nHello, on Sunday we stood before closed "
    b"doors although your page said otherwise. Would you have a look? Kind regards, Ben\r\n"
)

_buckets = st.lists(st.integers(0, BUCKETS - 1), min_size=1, max_size=30)
_lessons = st.builds(
    Lesson,
    _buckets,
    st.floats(-50, 50),
    st.booleans(),
    st.integers(0, 31).map(lambda place: 1 << place) | st.just(EVERY_SLOT),
)


def _empty() -> LocalModel:
    return LocalModel.empty(TODAY)


def _taught(*lessons: Lesson) -> LocalModel:
    local = _empty()
    for lesson in lessons:
        local = local.learned(lesson, USUAL)
    return local


def _score(message: RawMessage, local: LocalModel) -> float:
    return score(message, read_content(message), local.over(SHIPPED)).total


def _said(buckets: Sequence[int], *, spam: bool, slots: int = EVERY_SLOT) -> Lesson:
    return Lesson(buckets, 0.0, spam, slots)


def _log_odds(message: RawMessage, local: LocalModel) -> float:
    return local.over(SHIPPED).score(message, read_content(message), ())


def _lesson(message: RawMessage, *, spam: bool, slots: int = EVERY_SLOT) -> Lesson:
    return lesson_of(message, SHIPPED, spam=spam, slots=slots)


def test_before_the_first_lesson_all_is_as_shipped() -> None:
    model = _empty().over(SHIPPED)
    assert (model.tag, model.quarantine) == (SHIPPED.tag, SHIPPED.quarantine)
    for message in (SCAM, LETTER):
        content = read_content(message)
        assert model.score(message, content, ()) == SHIPPED.score(message, content, ())


def test_what_is_taught_as_spam_scores_higher_and_other_mail_hardly_changes() -> None:
    local = _taught(*[_lesson(SCAM, spam=True)] * 3)
    moved, aside = (_log_odds(one, local) - _log_odds(one, _empty()) for one in (SCAM, LETTER))
    assert moved > 0.5
    assert abs(aside) < moved / 3


def test_what_is_taught_as_honest_scores_lower() -> None:
    local = _taught(_lesson(SCAM, spam=True), _lesson(SCAM, spam=False))
    once = _log_odds(SCAM, _taught(_lesson(SCAM, spam=True)))
    assert _log_odds(SCAM, local) < once - 0.2


def test_it_counts_for_everybody_only_once_three_teachers_agree() -> None:
    before = _score(SCAM, _empty())
    for teachers in range(1, SHARED_BY + 2):
        local = _taught(*(_lesson(SCAM, spam=True, slots=1 << place) for place in range(teachers)))
        assert (_score(SCAM, local) > before) is (teachers >= SHARED_BY)


def test_one_teacher_may_say_it_as_often_as_he_likes() -> None:
    local = _taught(*[_lesson(SCAM, spam=True, slots=1)] * 50)
    assert _score(SCAM, local) == _score(SCAM, _empty())
    assert (local.shared, local.waiting) == (0, len(set(_lesson(SCAM, spam=True).buckets)))


@settings(max_examples=20)
@given(st.lists(_lessons, max_size=12), _buckets)
def test_no_lessons_move_a_message_beyond_the_bounds(lessons: Sequence[Lesson], buckets: list[int]) -> None:
    correction = _taught(*lessons).over(SHIPPED).correction(buckets)
    assert -MOST_DOWN <= correction <= MOST_UP


def test_what_the_shipped_model_would_hold_does_not_go_unmarked_for_what_was_taught() -> None:
    assert SHIPPED.quarantine - MOST_DOWN >= SHIPPED.tag + MOST_MOVED


@settings(max_examples=20)
@given(st.lists(_lessons, max_size=12))
def test_no_lessons_move_a_weight_by_more_than_two_log_odds(lessons: Sequence[Lesson]) -> None:
    local = _taught(*lessons)
    assert max(map(abs, local.deltas)) <= 2048
    assert max(local.counts) <= len(lessons)


@settings(max_examples=20)
@given(st.lists(_lessons, min_size=2, max_size=8, unique_by=lambda one: one.log_odds), st.randoms())
def test_the_order_of_lessons_matters_no_more_than_the_bounds(lessons: list[Lesson], chance: object) -> None:
    """Who taught what, how often and how many is the same in any order; weights stay within their bounds."""
    shuffled = list(lessons)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = _taught(*lessons), _taught(*shuffled)
    assert (one.slots, one.counts, one.ham, one.spam) == (other.slots, other.counts, other.ham, other.spam)
    assert max(abs(a - b) for a, b in zip(one.deltas, other.deltas, strict=True)) <= 4096


def test_lessons_about_different_things_commute() -> None:
    one, other = _said(range(100), spam=True), _said(range(100, 300), spam=False)
    assert _taught(one, other) == _taught(other, one)


def test_the_same_again_adds_less_and_less() -> None:
    local, scores = _empty(), []
    for _ in range(6):
        scores.append(_log_odds(SCAM, local))
        local = local.learned(_lesson(SCAM, spam=True), USUAL)
    steps = [after - before for before, after in pairwise(scores)]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] < steps[0] / 3


def test_what_stands_in_all_mail_is_moved_less_than_what_marks_one_kind() -> None:
    common, starts = range(50), range(100, 600, 50)
    lessons = (_said([*common, *range(start, start + 50)], spam=True) for start in starts)
    local = _taught(*(replace(one, log_odds=4.0) for one in lessons))
    assert local.deltas[0] < sum(local.deltas[start] for start in starts) / 2
    assert 0 < local.deltas[550] <= local.deltas[100]


@settings(max_examples=20)
@given(st.lists(_lessons, max_size=5), st.lists(st.floats(-60, 60), max_size=5))
def test_what_was_learned_is_the_same_after_it_was_kept(lessons: list[Lesson], scores: list[float]) -> None:
    local = _taught(*lessons)
    for one in scores:
        local = local.confirming(one)
    assert sum(local.confirmed) == len(scores)
    assert LocalModel.parse(local.octets()) == local


@pytest.mark.parametrize(
    "octets", [b"", b"{}\n", b"[]\n", b'{"format": 1}\nx', b"\xff\n", _empty().octets()[:-9]]
)
def test_what_is_no_such_file_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="learned"):
        LocalModel.parse(octets)


def test_of_the_messages_only_numbers_are_kept() -> None:
    """One teacher's message adds a count of one, his bit and a delta to its buckets; nothing else differs."""
    local = _taught(_lesson(SCAM, spam=True, slots=4))
    mine = set(_lesson(SCAM, spam=True).buckets)
    assert {place for place in range(BUCKETS) if local.slots[place]} == mine
    assert {local.slots[place] for place in mine} == {4}
    assert {local.counts[place] for place in mine} == {1}
    assert b"register" not in local.octets()


def test_what_too_few_have_taught_is_forgotten_with_the_window() -> None:
    few, many = _said(range(50), spam=True, slots=1), _said(range(50, 90), spam=True)
    local = _taught(few, many).confirming(1.0)
    assert local.on(TODAY + WINDOW_DAYS - 1) is local
    later = local.on(TODAY + WINDOW_DAYS)
    assert later == replace(
        _taught(many), spam=2, since=TODAY + WINDOW_DAYS, confirmed=NONE, earlier=local.confirmed
    )


def test_scores_of_confirmed_mail_are_forgotten_after_two_windows() -> None:
    local = _empty().confirming(1.0)
    once = local.on(TODAY + WINDOW_DAYS)
    assert (sum(once.earlier), sum(once.on(TODAY + 2 * WINDOW_DAYS).earlier)) == (1, 0)
    assert sum(local.on(TODAY + 2 * WINDOW_DAYS).earlier) == 0


def _counts(**at: int) -> tuple[int, ...]:
    """Counts by the score in hundredths: `_counts(s250=3)` is three at 2.5."""
    counts = [0] * 60
    for score_, count in at.items():
        counts[int(int(score_[1:]) / 25)] = count
    return tuple(counts)


def test_one_message_above_the_threshold_is_what_it_promises() -> None:
    assert calibrated(2.0, TAGGED_HAM, _counts(s300=1)) == 2.0


def test_a_threshold_rises_until_no_more_honest_mail_lies_above_than_it_promises() -> None:
    assert calibrated(2.0, TAGGED_HAM, _counts(s200=3)) == 2.25
    assert calibrated(2.0, TAGGED_HAM, _counts(s0=100, s225=3, s200=2)) == 2.5
    # Ten in two thousand are one in two hundred.
    assert calibrated(2.0, TAGGED_HAM, _counts(s0=1990, s300=10)) == 2.0


def test_a_threshold_falls_only_when_enough_was_confirmed_and_none_lies_above() -> None:
    assert calibrated(2.0, TAGGED_HAM, _counts(s0=500)) == 2.0
    assert calibrated(2.0, TAGGED_HAM, _counts(s0=600)) == 2.0 - MOST_MOVED
    assert calibrated(2.0, TAGGED_HAM, _counts(s0=600, s125=1)) == 1.5
    assert calibrated(5.0, QUARANTINED_HAM, _counts(s0=600)) == 5.0


@settings(max_examples=20)
@given(st.lists(st.integers(0, 10_000), min_size=60, max_size=60), st.floats(0, 8))
def test_no_counts_move_a_threshold_beyond_its_bounds(counts: list[int], shipped: float) -> None:
    for share in (TAGGED_HAM, QUARANTINED_HAM):
        assert abs(calibrated(shipped, share, counts) - shipped) <= MOST_MOVED + 1e-9
    local = replace(_empty(), confirmed=tuple(counts))
    model = local.over(SHIPPED)
    assert model.quarantine > model.tag > 0


def test_points_follow_moved_thresholds() -> None:
    local = replace(_empty(), confirmed=_counts(s225=3, s600=3))
    model = local.over(SHIPPED)
    assert (model.tag, model.quarantine) > (SHIPPED.tag, SHIPPED.quarantine)
    assert (points(model.tag, model), points(model.quarantine, model)) == (3.5, 5.0)


@given(st.floats(0, 12))
def test_points_lead_back_to_log_odds(log_odds: float) -> None:
    assert math.isclose(log_odds_of(points(log_odds, SHIPPED), SHIPPED), log_odds, abs_tol=0.03)


def test_words_alone_teach_nothing_about_the_header() -> None:
    """What was delivered has a header of ours."""
    delivered = RawMessage.parse(SCAM.raw.replace(b"ann@shop.example", b"q7x2m9k4w8@relay.example"))
    as_came, as_delivered = (
        lesson_of(one, SHIPPED, spam=True, slots=1, words_only=True) for one in (SCAM, delivered)
    )
    assert as_came == as_delivered
    assert set(as_came.buckets) < set(_lesson(SCAM, spam=True).buckets)
