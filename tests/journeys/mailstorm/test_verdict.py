"""The mail storm's judge finds each broken promise, and a message tells whether it is whole."""

import random
from dataclasses import replace

import pytest

from tests.journeys.mailstorm.messages import Marked, compose, read
from tests.journeys.mailstorm.sink import Arrival
from tests.journeys.mailstorm.verdict import Evidence, duplicates, judge

ADDRESS, MAILBOX = "a1@relay.example", "owner@home.example"
ARRIVED = Arrival(Marked(1, whole=True), (MAILBOX,), told=True)
CLEAN = Evidence(taken={1: ADDRESS}, mailboxes={ADDRESS: MAILBOX}, arrivals=[ARRIVED])


def broken(evidence: Evidence) -> list[str]:
    return [promise for promise, lines in judge(evidence).items() if lines]


def test_a_clean_course_breaks_nothing() -> None:
    assert broken(CLEAN) == []


def test_what_arrives_without_having_been_answered_is_no_fault() -> None:
    """Its 250 was on the way when the connection broke."""
    assert broken(replace(CLEAN, arrivals=[ARRIVED, replace(ARRIVED, message=Marked(2, whole=True))])) == []


@pytest.mark.parametrize(
    ("evidence", "promise"),
    [
        (replace(CLEAN, arrivals=[]), "answered 250 and never arrived"),
        (replace(CLEAN, arrivals=[replace(ARRIVED, message=Marked(1, whole=False))]), "arrived in part"),
        (
            replace(CLEAN, arrivals=[replace(ARRIVED, recipients=("other@home.example",))]),
            "arrived at another's mailbox",
        ),
        (
            replace(CLEAN, arrivals=[ARRIVED, replace(ARRIVED, message=Marked(None, whole=True))]),
            "returned to its sender",
        ),
        (replace(CLEAN, refused=["554 5.7.1 no"]), "refused for good"),
        (replace(CLEAN, outlived=1), "processes outlived the service"),
    ],
)
def test_each_broken_promise_is_found(evidence: Evidence, promise: str) -> None:
    assert broken(evidence) == [promise]


def test_copies_are_told_by_their_cause() -> None:
    untold = replace(ARRIVED, told=False)
    counts = duplicates(replace(CLEAN, arrivals=[untold, ARRIVED, ARRIVED]))
    assert counts == {
        "copies beyond the first": 2,
        "because the sink took them and did not say so": 1,
        "because of a crash after the sink's 250": 1,
        "of these, in a million messages": 1_000_000,
    }


def test_a_message_tells_whether_it_is_whole() -> None:
    raw = compose(7, ADDRESS, random.Random(1))  # noqa: S311 - a text, no secret
    head, end, digest = raw.partition(b".\r\nEnd of")
    assert read(raw) == Marked(7, whole=True)
    assert read(b"Received: by us\r\n" + raw) == Marked(7, whole=True)
    assert read(raw[: len(raw) // 2]) == Marked(7, whole=False)
    assert read(raw.replace(b"End of 7", b"End of 8")) == Marked(7, whole=False)
    assert read(head + b"!" + end + digest) == Marked(7, whole=False)
    assert read(b"Subject: Undelivered\r\n\r\nsorry\r\n") == Marked(None, whole=True)
