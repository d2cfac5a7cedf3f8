"""`whoisproxy mail judge` writes a line of JSON for each message and goes on where a file cannot be read."""

import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from mailrelay.engines.harmless import like_malware
from tests.support.engines import EngineDaemon
from tests.whoisproxy.cli.conftest import Ended, Run

_CORPUS = Path(__file__).parents[4] / "shared/data/mail/spam/dev_2009_2024.tar.gz"
_HEAD = (
    "From: Ann <ann@home.example>\nTo: q7x@relay.example\nSubject: {}\n"
    "Date: Mon, 1 Jun 2026 00:00:00 +0000\nMessage-ID: <1@b.example>\n\n"
)
_LETTER = _HEAD.format("Hello") + "Is this domain for sale?\n"
_SPAM = _HEAD.format("YOU HAVE WON THE LOTTERY") + (
    "You are a beneficiary!!! Verify your account to get paid. Viagra, no risk. ACT NOW!!!\n"
)


def _lines(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]


@pytest.fixture(autouse=True)
def letters(tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_text(_LETTER, encoding="ascii")
    (tmp_path / "spam.eml").write_text(_SPAM, encoding="ascii")


def test_each_message_gets_a_line_in_the_order_asked_for(run: Run, tmp_path: Path) -> None:
    ended = run("mail", "judge", "spam.eml", "letter.eml")
    spam, letter = _lines(ended)
    assert ended.code == 0
    assert list(spam) == ["file", "action", "class", "score", "checks", "mail_class", "features", "why"]
    assert (spam["file"], spam["action"], spam["class"]) == ("spam.eml", "quarantine", "spam")
    assert spam["checks"][-1]["name"] == "spam-decision"
    assert (letter["file"], letter["action"], letter["class"]) == ("letter.eml", "accept", "ham")
    assert letter["score"] < spam["score"]
    # Whoever is told that it is spam is told why, in words.
    assert "It shouts." in spam["why"]
    assert letter["why"] == []
    # No database was made to find that out, and that nobody was authenticated is said.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letter.eml", "spam.eml"]
    assert letter["checks"][0] == {"name": "authentication", "action": "accept", "reason": "skipped"}


def test_marked_mail_says_what_spoke_for_spam(run: Run) -> None:
    spam, letter = _lines(run("mail", "judge", "spam.eml", "letter.eml"))
    assert letter["features"] == []
    assert all(one["weight"] > 0 for one in spam["features"])
    assert "rule:shouting-subject" in {one["name"] for one in spam["features"]}


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    ended = run("mail", "judge", "missing.eml", "folder", "letter.eml")
    assert [line["file"] for line in _lines(ended)] == ["letter.eml"]
    assert ended.err.splitlines() == [
        "whoisproxy: missing.eml: No such file or directory",
        "whoisproxy: folder: Is a directory",
    ]
    assert ended.code == 1


def test_a_message_may_come_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(_SPAM.encode())))
    [line] = _lines(run("mail", "judge", "-"))
    assert (line["file"], line["class"]) == ("-", "spam")


def test_a_name_server_that_is_away_puts_mail_off(run: Run, tmp_path: Path) -> None:
    (tmp_path / "whoisproxy.toml").write_text("[dns]\ntimeout_s = 0.1\n", encoding="ascii")
    [line] = _lines(run("mail", "judge", "letter.eml", "--nameserver", "127.0.0.1:9"))
    assert (line["action"], line["class"]) == ("defer", "unsure")
    assert line["checks"] == [{"name": "dmarc-policy", "action": "defer", "reason": "dmarc-temperror"}]


def test_a_name_server_without_a_port_is_refused(run: Run) -> None:
    ended = run("mail", "judge", "letter.eml", "--nameserver", "resolver")
    assert (ended.code, ended.out) == (2, "")
    assert "must be address:port" in ended.err


def test_the_owners_policy_is_an_option(run: Run) -> None:
    [line] = _lines(run("mail", "judge", "spam.eml", "--policy", "forward"))
    assert (line["action"], line["class"]) == ("tag", "unsure")


def test_without_files_the_use_is_told(run: Run) -> None:
    ended = run("mail", "judge")
    assert ended.code == 2
    assert "missing argument" in ended.err


@pytest.mark.slow
@pytest.mark.skipif(not _CORPUS.exists(), reason="the spam corpus is not here")
def test_every_message_of_a_corpus_is_judged(run: Run, tmp_path: Path) -> None:
    with tarfile.open(_CORPUS) as archive:
        archive.extractall(tmp_path, filter="data")
    files = [str(path) for path in sorted(tmp_path.rglob("*")) if path.is_file() and path.suffix != ".txt"]
    ended = run("mail", "judge", *files)
    assert ended.code == 0
    lines = _lines(ended)
    assert [line["file"] for line in lines] == files
    assert not [line for line in lines if "check-failed" in str(line["checks"])]


def test_engines_are_asked_only_when_told_to(
    run: Run, tmp_path: Path, rspamd: EngineDaemon, clamd: EngineDaemon
) -> None:
    tables = f'[engines.rspamd]\nurl = "{rspamd.address}"\n[engines.clamav]\naddress = "{clamd.address}"\n'
    (tmp_path / "whoisproxy.toml").write_text(tables)
    (tmp_path / "bad.eml").write_bytes(like_malware().raw)
    (tmp_path / "rule.eml").write_text(_HEAD.format("our-own-rule") + "Is this domain for sale?\n")
    without = _lines(run("mail", "judge", "bad.eml", "rule.eml"))
    assert [line["action"] for line in without] == ["accept", "accept"]
    bad, rule = _lines(run("mail", "judge", "--engines", "bad.eml", "rule.eml"))
    assert (bad["action"], bad["checks"][1]["reason"]) == ("quarantine", "malware")
    assert {"name": "rspamd", "action": "accept", "reason": "our-own-rule"} in rule["checks"]
