"""`whoisproxy mail forward` prints what would go to the owner, or says why nothing does."""

import io
import sys
from email import message_from_bytes
from pathlib import Path

import pysequoia
import pytest

from tests.whoisproxy.cli.conftest import Run

_LETTER = (
    "From: Ann Buyer <ann@offers.example>\nTo: q7x@relay.example\nSubject: Offer\n"
    "Date: Mon, 1 Jun 2026 00:00:00 +0000\nMessage-ID: <1@b.example>\n\nIs this domain for sale?\n"
)


@pytest.fixture(autouse=True)
def letter(tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_text(_LETTER, encoding="ascii")


def test_the_message_is_printed_as_it_would_go_out(run: Run, tmp_path: Path) -> None:
    ended = run(
        "mail", "forward", "--domain", "example.org", "letter.eml", "--reply-address", "r@relay.example"
    )
    message = message_from_bytes(ended.out.encode())
    assert ended.code == 0
    assert ended.err == ""
    assert message["From"] == '"Ann Buyer, ann at offers.example (via example.org)" <r@relay.example>'
    assert message["Subject"] == "Offer"
    assert ended.out.endswith("\r\n\r\nIs this domain for sale?\r\n")
    assert ended.out.count("\n") == ended.out.count("\r\n")
    # No database was made to find that out.
    assert [path.name for path in tmp_path.iterdir()] == ["letter.eml"]


def test_wishes_of_the_owner_are_options(run: Run) -> None:
    ended = run(
        "mail", "forward", "--domain", "example.org", "letter.eml", "--banner", "--language", "it",
        "--attach-original", "--block-url", "https://relay.example/b/1", "--answer-url", "https://relay.example/a/1",
    )  # fmt: skip
    message = message_from_bytes(ended.out.encode())
    assert message.get_content_type() == "multipart/mixed"
    assert message["List-Unsubscribe"] == "<https://relay.example/b/1>"
    assert "Inviato al titolare di example.org" in ended.out
    assert "Rispondere nel browser: <https://relay.example/a/1>" in ended.out
    assert _LETTER.replace("\n", "\r\n") in ended.out


def test_a_message_may_come_from_standard_input_and_from_an_mbox(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    mbox = "From ann@offers.example Mon Jun  1 00:00:00 2026\n" + _LETTER
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mbox.encode())))
    ended = run("mail", "forward", "--domain", "example.org", "-", "--json")
    assert ended.json() == {
        "file": "-",
        "decision": "forward",
        "author": "ann@offers.example",
        "correspondent": "ann@offers.example",
        "score": 0,
        "encryption": None,
        "body_as_it_came": True,
        "size_octets": ended.json()["size_octets"],
    }


def test_with_a_key_nobody_reads_it_on_the_way(run: Run, tmp_path: Path) -> None:
    secret = pysequoia.Tsk.generate("Owner <owner@home.example>")
    (tmp_path / "key.asc").write_text(str(secret.extract_certificate()), encoding="utf-8")
    ended = run("mail", "forward", "--domain", "example.org", "letter.eml", "--key", "key.asc")
    content = message_from_bytes(ended.out.encode()).get_payload(1)
    opened = pysequoia.decrypt(str(content).partition("\n\n")[2].encode(), decryptor=secret.decryptor())
    assert "for sale" not in ended.out
    assert b"Is this domain for sale?" in (opened.bytes or b"")


def test_a_key_that_is_no_good_holds_the_message(run: Run) -> None:
    """It must not go in clear."""
    ended = run("mail", "forward", "--domain", "example.org", "letter.eml", "--key", "letter.eml")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "whoisproxy: held: unusable-key: not-a-key\n"
    said = run("mail", "forward", "--domain", "example.org", "letter.eml", "--key", "letter.eml", "--json")
    assert said.code == 3
    assert said.json() == {"file": "letter.eml", "decision": "hold", "reason": "unusable-key: not-a-key"}


def test_a_file_that_is_not_there_is_named(run: Run) -> None:
    ended = run("mail", "forward", "--domain", "example.org", "missing.eml")
    assert (ended.code, ended.out) == (1, "")
    assert "missing.eml" in ended.err
