"""What the model of spam is made and measured with: figures, near-copies, masks, letters."""

import math

import pytest

from bench.spam.figures import Share, area_interval, area_under_roc, at_least, caught_at
from bench.spam.letters import FOLDER, written
from bench.spam.near_duplicates import groups
from bench.spam.sample import arrival, masked, masked_content


def test_the_area_is_the_share_of_pairs_in_order_with_equals_counting_half() -> None:
    assert area_under_roc([1.0, 2.0], [2.0, 3.0]) == 0.875
    assert area_under_roc([0.0, 1.0], [2.0, 3.0]) == 1.0
    low, high = area_interval([0.0, 1.0, 2.0, 3.0] * 10, [2.0, 3.0, 4.0, 5.0] * 10)
    assert low < area_under_roc([0.0, 1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0]) < high


def test_no_more_ham_lies_above_the_limit_than_is_allowed() -> None:
    ham = [float(number) for number in range(1000)]
    assert caught_at(0.001, ham, [998.0, 998.5, 999.0]) == Share(2, 3)
    assert caught_at(0.0, ham, [998.5, 1000.0]) == Share(1, 2)
    assert at_least(990.0, ham) == Share(10, 1000)


def test_wilsons_interval_is_that_of_the_books() -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263."""
    low, high = Share(81, 263).interval
    assert math.isclose(low, 0.2553, abs_tol=5e-4)
    assert math.isclose(high, 0.3662, abs_tol=5e-4)


def test_variants_and_near_copies_are_one_group() -> None:
    text = b" ".join(b"word%d" % number for number in range(40))
    other = b" ".join(b"another%d" % number for number in range(40))
    one, copy, different, first, second = groups(
        [text, text + b" and more", other, b"short", b"something else"], ["", "", "", "t", "t"]
    )
    assert one == copy
    assert first == second
    assert len({one, different, first}) == 3


def test_what_tells_a_collection_is_masked_and_what_is_said_stays() -> None:
    raw = (
        b"From x Mon Jan 1 00:00:00 2002\nReceived: from a by b; Tue, 1 Jan 2002 00:00:00 +0000\n"
        b"From: a@b.example\nTo: list@c.example\nX-Spam-Status: Yes\nList-Id: l\nSubject: [SPAM] hello\n\n"
        + b"what is said here is long enough to be more than what stands below it, as it mostly is. " * 2
        + b"\n_______________________________________________\nlist mailing list\n"
    )
    message = masked(raw)
    assert {field.name for field in message.fields} == {"From", "Subject", "Date", "To"}
    assert message.first("Subject") == "hello"
    own = masked_content(message).own_text
    assert "what is said" in own
    assert "mailing list" not in own
    assert arrival(raw) == 1009843200.0


def test_the_same_seed_writes_the_same_letters_in_five_languages() -> None:
    letters = written(2)
    assert [one.raw for one in letters] == [one.raw for one in written(2)]
    assert len(list(FOLDER.glob("*.toml"))) == 10
    assert {one.group[:2] for one in letters} == {"de", "en", "es", "fr", "it"}
    assert {one.spam for one in letters} == {True, False}


@pytest.mark.parametrize("mark", [b"[|", b"|]", b"{"])
def test_no_mark_of_a_template_is_left_in_a_letter(mark: bytes) -> None:
    assert not any(mark in one.raw for one in written(3))
