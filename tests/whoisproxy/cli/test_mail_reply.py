"""`whoisproxy mail reply` prints what would go to the correspondent, or says why nothing does."""

import io
import json
import sys
from base64 import b64encode
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.whoisproxy.cli.conftest import Run

_HEAD = (
    "From: Zoe Lefevre <zoe@home.example>\nTo: r@relay.example\nSubject: Re: Offer\n"
    "Date: Mon, 1 Jun 2026 10:00:00 +0530\nMessage-ID: <2@home.example>\n"
    "References: <1@mail.offers.example> <0@home.example>\n"
)
_LETTER = _HEAD + "\nYes, for 900.\n\nZoe Lefevre\n\nOn Monday r@relay.example wrote:\n> For sale?\n"
_REGISTRANT: dict[str, object] = {
    "name": "Zoé Lefèvre",
    "organization": "",
    "email": "zoe@home.example",
    "phone": "+41325550123",
    "street": ["Rue de l'Étang 7"],
    "city": "Neuchâtel",
    "region": "",
    "postal_code": "2000",
    "country_code": "CH",
    "language": "fr",
}
_WAY = ("mail", "reply", "--registrant", "r.json", "--to", "Ada Buyer <ada@offers.example>", "letter.eml")


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_text(_LETTER, encoding="ascii")
    (tmp_path / "r.json").write_text(json.dumps(_REGISTRANT), encoding="utf-8")


def test_the_answer_is_printed_as_it_would_go_out(run: Run, tmp_path: Path) -> None:
    ended = run(*_WAY, "--domain", "example.org")
    message = message_from_bytes(ended.out.encode())
    assert (ended.code, ended.err) == (0, "")
    assert message["To"] == "Ada Buyer <ada@offers.example>"
    assert message["From"].startswith('"example.org owner" <')
    assert message["Subject"] == "Re: Offer"
    assert message["References"] == message["In-Reply-To"] == "<1@mail.offers.example>"
    text = message.get_payload()
    assert isinstance(text, str)
    assert text.startswith("Yes, for 900.\r\n")
    assert "On Monday ada@offers.example wrote:\r\n> For sale?\r\n" in text
    assert not {"zoe", "lefevre", "home.example", "+0530"} & set(ended.out.lower().split())
    assert "home.example" not in ended.out
    # No database was made to find that out.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letter.eml", "r.json"]


def test_a_name_that_he_releases_leaves(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_text(_HEAD + "\nYes. Lefevre\n", encoding="ascii")
    assert "Lefevre" not in run(*_WAY).out
    assert "Yes. Lefevre\r\n" in run(*_WAY, "--release", "Lefevre").out


def test_loose_rows_of_registrars_are_registrants_too(run: Run, tmp_path: Path) -> None:
    row = {
        "org": "Fromages SA",
        "street": "Rue de l'Étang 7",
        "country": "CH",
        "phone": "032 555 01 23",
        "x": 1,
    }
    (tmp_path / "r.json").write_text(json.dumps(row), encoding="utf-8")
    letter = _HEAD + "\nI am at Rue de l'Etang 7, +41 32 555 01 23, Fromages SA\n"
    (tmp_path / "letter.eml").write_text(letter, encoding="ascii")
    ended = run(*_WAY)
    assert ended.code == 0
    assert not [one for one in ("Etang", "555 01 23", "Fromages SA") if one in ended.out]


def _with_archive() -> str:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "zoe@home.example")
    return (
        _HEAD + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=z\n\n--z\n\nSee.\n--z\n"
        "Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
    ) + f"{b64encode(packed.getvalue()).decode()}\n--z--\n"


def test_an_answer_that_would_show_him_is_held_and_the_place_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_text(_with_archive(), encoding="ascii")
    ended = run(*_WAY)
    assert (ended.code, ended.out) == (3, "")
    assert "held: owner-shows-in-body (attachment 1 content)" in ended.err
    assert "zoe" not in ended.err
    decision = run(*_WAY, "--json").json()
    assert isinstance(decision, dict)
    assert decision["decision"] == "hold"
    assert decision["found"][0] == {
        "place": "attachment 1 content", "trait": "mailbox", "found": "zoe@home.example",
    }  # fmt: skip


def test_automatic_mail_is_not_relayed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_text("Auto-Submitted: auto-replied\n" + _LETTER, encoding="ascii")
    ended = run(*_WAY)
    assert (ended.code, ended.out) == (4, "")
    assert "automatic mail, never relayed: auto-submitted" in ended.err


def test_the_decision_is_given_as_json(run: Run) -> None:
    decision = run(*_WAY, "--json").json()
    assert isinstance(decision, dict)
    assert decision["decision"] == "reply"
    assert decision["left_out"] == []


def test_an_answer_may_come_from_standard_input_and_from_an_mbox(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    mbox = "From zoe@home.example Mon Jun  1 00:00:00 2026\n" + _LETTER
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mbox.encode())))
    assert "Yes, for 900." in run(*_WAY[:-1], "-").out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "r.json: is not JSON"),
        ("[]", "r.json: is not a registrant, which is a JSON object"),
        ('{"name": ""}', "r.json: holds no name, email, phone or street of a registrant"),
    ],
)
def test_a_file_that_is_no_registrant_is_named(run: Run, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "r.json").write_text(content, encoding="ascii")
    ended = run(*_WAY)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_files_that_are_missing_and_a_correspondent_that_is_none_are_named(run: Run) -> None:
    assert "nothing.eml: No such file" in run(*_WAY[:-1], "nothing.eml").err
    ended = run("mail", "reply", "--registrant", "r.json", "--to", "nobody", "letter.eml")
    assert ended.code == 2
    assert "--to: is not a mailbox" in ended.err
