"""What the model of spam is made and measured with: figures, near-copies, masks, letters."""

import io
import math
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bench.spam.eval_spam import MailSet, rows
from bench.spam.figures import Share, area_interval, area_under_roc, at_least, caught_at
from bench.spam.letters import written
from bench.spam.mail_sets import from_outside
from bench.spam.near_duplicates import groups
from bench.spam.peers import PEERS, Peer
from bench.spam.sample import arrival, masked, masked_content
from mailrelay.content.classifier.model import shipped_model


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
    assert {one.group[:2] for one in letters} == {"de", "en", "es", "fr", "it"}
    assert {one.spam for one in letters} == {True, False}


@pytest.mark.parametrize("mark", [b"[|", b"|]", b"{"])
def test_no_mark_of_a_template_is_left_in_a_letter(mark: bytes) -> None:
    assert not any(mark in one.raw for one in written(3))


def test_the_same_messages_make_the_same_model_in_every_process() -> None:
    """Hashes of names differ between processes, and with them the order of sets."""
    code = "from bench.spam.make_model import make; print(make([], 1).octets())"
    made = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[3],
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_mail_from_outside_is_a_folder_a_mailbox_or_an_archive(tmp_path: Path) -> None:
    mails = [b"Subject: one\n\nfirst\n", b"Subject: two\n\nsecond\n"]
    (tmp_path / "folder").mkdir()
    for number, mail in enumerate(mails):
        (tmp_path / "folder" / f"{number}.eml").write_bytes(mail)
    (tmp_path / "box").write_bytes(
        b"".join(b"From a Mon Jan 1 00:00:00 2026\n" + one + b"\n" for one in mails)
    )
    with tarfile.open(tmp_path / "packed.tar.gz", "w:gz") as archive:
        for number, mail in enumerate(mails):
            member = tarfile.TarInfo(f"{number}.eml")
            member.size = len(mail)
            archive.addfile(member, io.BytesIO(mail))
    for name in ("folder", "box", "packed.tar.gz"):
        found = list(from_outside(tmp_path / name, spam=True))
        assert [one.raw.strip() for one in found] == [mail.strip() for mail in mails]
        assert {(one.spam, one.source) for one in found} == {(True, name)}


def test_a_row_has_the_figures_of_one_filter_on_one_part_of_the_mail() -> None:
    letters = written(1)
    parts = (
        ("all", frozenset({"letters-honest", "letters-spam"})),
        ("honest", frozenset({"letters-honest"})),
    )
    found = list(rows(MailSet(letters, shipped_model(), (), parts), ()))
    assert [(row["mail"], row["filter"]) for row in found[:3]] == [
        ("all", "whoisproxy"),
        ("honest", "whoisproxy"),
        ("all", "its model alone"),
    ]
    both, honest = found[:2]
    assert float(both["AUC"].split()[0]) > 0.9
    assert both["caught at 1.0%"].count("%") == 3
    assert (honest["AUC"], honest["spam held"]) == ("-", "-")
    assert honest["ham / spam"].endswith(" / 0")


@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_gives_every_message_a_score(peer: Peer) -> None:
    if not peer.is_there:
        pytest.skip(f"{peer.name} is not installed (make spam-services)")
    letters = written(1)
    scores, cpu_ms = peer.judge(letters, letters[:3])
    assert len(scores) == 3
    assert all(map(math.isfinite, scores))
    assert cpu_ms > 0
