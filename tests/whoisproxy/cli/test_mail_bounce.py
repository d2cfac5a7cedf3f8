"""`whoisproxy mail bounce` reads any number of files and goes on where one cannot be read."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.whoisproxy.cli.conftest import Run

_HARD = (
    b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<a@one.example>:\nno such user (#5.1.1)\n"
)
_HARD_ROW = {"kind": "hard", "recipient": "a@one.example", "status": "5.1.1", "reason": "no-such-user"}
_NOTHING_ROW = {"kind": "none", "recipient": "", "status": "", "reason": ""}


def test_every_file_is_read_although_one_cannot_be(run: Run, tmp_path: Path) -> None:
    (tmp_path / "report.eml").write_bytes(_HARD)
    (tmp_path / "letter.eml").write_bytes(b"From: ann@home.example\n\nHello\n")

    ended = run("mail", "bounce", "report.eml", "missing.eml", "letter.eml")

    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert rows == [{"file": "report.eml", **_HARD_ROW}, {"file": "letter.eml", **_NOTHING_ROW}]
    assert ended.err == "whoisproxy: missing.eml: No such file or directory\n"
    assert ended.code == 1


def test_standard_input_may_be_an_mbox(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    separator = b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n"
    mbox = separator + _HARD + b"\n" + separator + _HARD.replace(b"a@one", b"b@one")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mbox)))

    ended = run("mail", "bounce", "-")

    assert [json.loads(line)["recipient"] for line in ended.out.splitlines()] == [
        "a@one.example",
        "b@one.example",
    ]
    assert ended.code == 0
