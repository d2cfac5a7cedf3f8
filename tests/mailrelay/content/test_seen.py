"""What was sent to whom is remembered for a while, never overstated, and shared by processes."""

import os
import subprocess
import sys
from datetime import timedelta
from mmap import mmap
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.content.seen import SeenMarks, minute_of
from mailrelay.content.similarity import Sketch
from tests.mailrelay.conftest import NOW

WINDOW = timedelta(hours=48)
MINUTE = minute_of(NOW)
OCTETS = 2**20
ROOT = Path(__file__).parents[3]


def marks_of(text: int) -> tuple[int, ...]:
    """Return the marks of a text that has its number for a name."""
    return tuple((text * 16 + at) * 0x9E3779B97F4A7C15 % 2**64 for at in range(16))


def sketch_of(text: int, needed: int = 5) -> Sketch:
    return Sketch(tuple((mark, 1) for mark in marks_of(text)), needed)


def _memory(octets: int = OCTETS) -> SeenMarks:
    return SeenMarks(memoryview(bytearray(octets)), WINDOW)


def test_others_are_counted_once_each_and_oneself_never() -> None:
    seen = _memory()
    for recipient in (1, 2, 2, 3):
        seen.add(marks_of(7), recipient, MINUTE)
    assert [seen.others(sketch_of(7), recipient, NOW) for recipient in (1, 2, 3, 4)] == [2, 2, 2, 3]
    assert seen.others(sketch_of(8), 4, NOW) == 0


def test_too_few_marks_in_common_are_no_copy() -> None:
    seen = _memory()
    seen.add(marks_of(1)[:4], 1, MINUTE)
    seen.add(marks_of(1)[:5], 2, MINUTE)
    assert seen.others(sketch_of(1), 3, NOW) == 1


def test_marks_in_common_with_different_texts_of_one_recipient_add_up() -> None:
    """Which of his letters they came from is not kept."""
    seen = _memory()
    seen.add(marks_of(1)[:3], 1, MINUTE)
    seen.add(marks_of(1)[3:6], 1, MINUTE)
    assert seen.others(sketch_of(1), 2, NOW) == 1


def test_the_window_slides() -> None:
    seen = _memory()
    seen.add(marks_of(1), 1, MINUTE)
    seen.add(marks_of(1), 2, MINUTE + 24 * 60)
    at = [seen.others(sketch_of(1), 3, NOW + timedelta(hours=hours)) for hours in (48, 49, 72, 73)]
    assert at == [2, 1, 1, 0]


def test_what_is_seen_again_is_remembered_anew_and_what_is_told_late_does_not_make_it_older() -> None:
    seen = _memory()
    for minute in (MINUTE, MINUTE + 24 * 60, MINUTE):
        seen.add(marks_of(1), 1, minute)
    assert seen.others(sketch_of(1), 3, NOW + timedelta(hours=72)) == 1


def test_when_memory_is_full_the_oldest_goes_and_what_is_late_takes_no_place() -> None:
    seen = _memory(64 * 64)  # 504 cells, 31 texts
    for text in range(200):
        seen.add(marks_of(text), text, MINUTE + text)
    late = NOW + timedelta(minutes=200)
    known = [seen.others(sketch_of(text), 999, late) for text in range(200)]
    assert sum(known[:100]) == 0
    assert sum(known[180:]) == 20
    seen.add(marks_of(5), 5, MINUTE)
    assert seen.others(sketch_of(5), 999, late) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(0, 3000)), max_size=60))
def test_a_count_is_never_more_than_there_were(sent: list[tuple[int, int, int]]) -> None:
    """Texts share buckets here: 15 of them are all there is."""
    seen = _memory(16 * 64)
    for text, recipient, later in sorted(sent, key=itemgetter(2)):
        seen.add(marks_of(text), recipient, MINUTE + later)
        now = NOW + timedelta(minutes=later)
        lately = {
            other
            for what, other, at in sent
            if what == text and 0 <= later - at <= 2880 and other != recipient
        }
        assert seen.others(sketch_of(text), recipient, now) <= len(lately)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 7)), max_size=60))
def test_with_room_enough_a_count_is_exact(sent: list[tuple[int, int]]) -> None:
    seen = _memory(2**16)
    known: dict[int, set[int]] = {}
    for text, recipient in sent:
        assert seen.others(sketch_of(text), recipient, NOW) == len(known.get(text, set()) - {recipient})
        seen.add(marks_of(text), recipient, MINUTE)
        known.setdefault(text, set()).add(recipient)


def test_the_first_octets_of_memory_are_left_alone() -> None:
    memory = bytearray(64 * 3)
    seen = SeenMarks(memoryview(memory), WINDOW)
    for text in range(50):
        seen.add(marks_of(text), text, MINUTE)
    assert memory[:64] == bytes(64)
    assert memory[64:].count(0) < 128


def test_processes_see_what_others_saw_and_one_that_is_killed_does_no_harm() -> None:
    descriptor = os.memfd_create("test")
    os.truncate(descriptor, OCTETS)
    command = [sys.executable, "-m", "tests.mailrelay.content.seen_process", str(descriptor)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=[descriptor], cwd=ROOT)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"three\n"
        process.kill()
    finally:
        process.wait()
        process.stdout.close()
    seen = SeenMarks(memoryview(mmap(descriptor, OCTETS)), WINDOW)
    os.close(descriptor)
    assert seen.others(sketch_of(1), 9, NOW) == 3
    seen.add(marks_of(1), 9, MINUTE)
    assert seen.others(sketch_of(1), 10, NOW) == 4


@pytest.mark.parametrize("minutes", [0, 1, 60 * 24 * 365 * 20])
def test_minutes_fit_their_cell(minutes: int) -> None:
    assert 0 <= minute_of(NOW + timedelta(minutes=minutes)) < 2**24
