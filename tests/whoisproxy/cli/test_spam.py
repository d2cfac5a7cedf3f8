"""The operator teaches from files: each message once, and what was answered is on disk."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.whoisproxy.cli.conftest import Run

_RUN = "from whoisproxy.cli.main import main; main()"


def _message(number: int) -> bytes:
    return (
        b"From: Ada <ada@offers.example>\r\nSubject: Zyxwolin kaufe\r\n\r\nZyxwolin %d mg, Kwyjibo gel, "
        b"Vuxmafil: bulk xenophir depot, wholesale pyrazol, tryx quvento today.\r\n" % number
    )


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return the names of forty messages."""
    names = [f"{number}.eml" for number in range(40)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(_message(number))
    return names


def _outcomes(lines: str) -> list[str]:
    return [json.loads(line)["decision"] for line in lines.splitlines()]


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, "spam", *arguments], stdout=subprocess.PIPE, text=True
    )


def test_messages_are_taught_once_and_shown_in_numbers(run: Run, files: Sequence[str]) -> None:
    taught = run("spam", "learn", "--spam", *files[:3])
    assert (taught.code, _outcomes(taught.out)) == (0, ["learned"] * 3)
    assert _outcomes(run("spam", "learn", "--spam", *files[:4]).out) == ["known"] * 3 + ["learned"]
    assert _outcomes(run("spam", "learn", "--ham", files[5]).out) == ["learned"]
    status = run("spam", "status", "--json").json()
    assert (status["spam"], status["ham"], status["confirmed"], status["teachers"]) == (4, 1, 1, 1)
    assert (status["waiting"], status["shared"] > 50) == (0, True)
    shown = run("spam", "status").out
    assert "4 of spam and 1 of honest mail taught, 1 teachers" in shown
    assert "offers" not in shown


def test_the_line_of_an_mbox_is_no_part_of_the_message(run: Run, files: Sequence[str]) -> None:
    Path("box").write_bytes(b"From ada@offers.example Thu Jan  1 00:00:00 2026\n" + _message(0))
    run("spam", "learn", "--spam", files[0])
    assert _outcomes(run("spam", "learn", "--spam", "box").out) == ["known"]


def test_what_they_are_must_be_said(run: Run, files: Sequence[str]) -> None:
    ended = run("spam", "learn", files[0])
    assert (ended.code, "--spam or --ham" in ended.err) == (2, True)


def test_a_file_that_is_not_there_is_named(run: Run) -> None:
    ended = run("spam", "learn", "--spam", "missing.eml")
    assert (ended.code, "missing.eml: No such file" in ended.err) == (1, True)


def test_all_is_forgotten_when_asked_for(run: Run, files: Sequence[str]) -> None:
    run("spam", "learn", "--spam", *files[:2])
    assert run("spam", "forget", "--yes").code == 0
    status = run("spam", "status", "--json").json()
    assert (status["spam"], status["shared"], status["version"]) == (0, 0, 2)
    assert _outcomes(run("spam", "learn", "--spam", files[0]).out) == ["learned"]


@pytest.mark.slow
def test_two_processes_that_teach_at_once_lose_nothing(run: Run, files: Sequence[str]) -> None:
    run("migrate")
    processes = [_start("learn", "--spam", *files[start:end]) for start, end in ((0, 25), (15, 40))]
    said = [_outcomes(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(one == "learned" for both in said for one in both) == len(files)
    assert run("spam", "status", "--json").json()["spam"] == len(files)


@pytest.mark.slow
def test_what_a_killed_process_has_answered_was_learned_and_nothing_twice(
    run: Run, files: Sequence[str]
) -> None:
    run("migrate")
    answered = 0
    for end in (10, 20, 30):
        process = _start("learn", "--spam", *files[:end])
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        answered += bool(first)
        process.communicate()
        known = run("spam", "status", "--json").json()["spam"]
        assert known >= end if first else known >= 0
    assert answered == 3
    run("spam", "learn", "--spam", *files)
    assert run("spam", "status", "--json").json()["spam"] == len(files)
