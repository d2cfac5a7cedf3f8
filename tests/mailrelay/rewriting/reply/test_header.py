"""The header of an answer is new: an allow-list, ids mapped, the time in UTC."""

from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.addresses import decoded
from mailrelay.identity import Identity
from mailrelay.message import HeaderField
from mailrelay.rewriting.threads import AnswerIds
from tests.mailrelay.rewriting.reply.letters import FACTS, answer, letter, mixed, part, replace, seen

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
ALLOWED = {
    "from", "to", "subject", "date", "message-id", "in-reply-to", "references", "importance",
    "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip


@given(st.lists(st.tuples(st.from_regex(r"[A-Z][a-zA-Z-]{0,20}", fullmatch=True), WORDS)))
def test_no_field_of_the_owner_is_passed_on(fields: list[tuple[str, str]]) -> None:
    names = {
        "to",
        "from",
        "auto-submitted",
        "content-type",
        "precedence",
        "return-path",
        "vacation",
        "subject",
    }
    made = []
    for name, value in fields:
        if name.lower() not in names and not name.lower().startswith(("x-", "list-", "rt-", "content-")):
            made.append(HeaderField.make(name, " ".join(f"canary {value}".split())).raw.decode())
    got = answer(letter(b"Yes.", header="Subject: Re: x\r\n" + "".join(made)))
    assert {field.name.lower() for field in got.message.fields} <= ALLOWED
    assert b"canary" not in got.message.raw


def test_the_date_does_not_tell_where_the_owner_is() -> None:
    at = datetime(2026, 11, 24, 17, 30, 5, 7, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    got = answer(letter(b"Yes."), replace(FACTS, now=at))
    assert got.message.first("Date") == "Tue, 24 Nov 2026 12:00:05 +0000"


def test_ids_are_mapped_and_those_nobody_knows_are_left_out() -> None:
    header = (
        "Subject: x\r\nMessage-ID: <new@home.example>\r\nIn-Reply-To: <mine-1@home.example>\r\n"
        "References: <offer-1@offers.example> <secret@home.example> <mine-1@home.example>\r\n"
    )
    got = answer(letter(b"Yes.", header=header)).message
    assert got.first("References") == "<offer-1@offers.example> <0aa1@relay.example>"
    assert got.first("In-Reply-To") == "<0aa1@relay.example>"
    assert got.first("Message-ID") == FACTS.message_id
    assert b"home.example" not in got.raw


def test_an_answer_keeps_its_id_at_every_attempt_and_shows_nothing_of_the_owners() -> None:
    ids = AnswerIds(b"k" * 32, "relay.example")
    one = ids.of("<1@home.example>", "relay_1", "ada@offers.example")
    assert one == ids.of("<1@home.example>", "relay_1", "Ada@offers.example")
    assert one.endswith("@relay.example>")
    others = {
        ids.of("<2@home.example>", "relay_1", "ada@offers.example"),
        ids.of("<1@home.example>", "relay_2", "ada@offers.example"),
        ids.of("<1@home.example>", "relay_1", "bob@offers.example"),
        AnswerIds(b"x" * 32, "relay.example").of("<1@home.example>", "relay_1", "ada@offers.example"),
    }
    assert len(others | {one}) == 5
    with pytest.raises(ValueError, match="32 octets"):
        AnswerIds(b"short", "relay.example")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200))
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    text = " ".join(subject.split())
    header = f"Subject: {text}\r\n" if "=?" not in text else f"Subject: {text.replace('=?', '')}\r\n"
    got = answer(letter(b"Yes.", header=header)).message
    assert " ".join(decoded(got.first("Subject")).split()) == header[len("Subject: ") :].strip()
    assert all(len(line) <= 998 for line in got.raw.split(b"\r\n"))


def test_the_owner_does_not_show_in_the_subject() -> None:
    identity = Identity(names=("Zoë Lefèvre",))
    got = answer(
        letter(b"Yes.", header="Subject: =?utf-8?q?Zo=C3=AB_Lef=C3=A8vre?= sells\r\n"), identity=identity
    )
    assert got.message.first("Subject") == f"{FACTS.domain} sells"


@pytest.mark.parametrize(
    ("name", "neutral", "wanted"),
    [
        ("offer.csv", False, "offer.csv"),
        ("offer.csv", True, "attachment-1.csv"),
        ("C:\\Users\\x\\offer.csv", False, "offer.csv"),
        ("Zoë Lefèvre.csv", False, "attachment-1.csv"),
        ("prix d'été.csv", False, "prix d'été.csv"),
        ("a\u202efdp.csv", False, "a_fdp.csv"),
        ("x" * 300 + ".csv", False, "x" * 116 + ".csv"),
        ("...", False, "attachment-1.txt"),
    ],
)
def test_names_of_files_say_nothing_of_the_owner(name: str, neutral: bool, wanted: str) -> None:  # noqa: FBT001 - a case
    disposition = f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}\r\n"
    facts = replace(FACTS, neutral_file_names=neutral)
    raw = mixed([part(b"Yes."), part(b"a,b\n", "text/csv", disposition)])
    got = answer(raw, facts, Identity(names=("Zoë Lefèvre",)))
    assert seen(got).names == [wanted]
    assert b"boundary=zz" not in got.message.raw


def test_text_files_leave_without_the_owners_data() -> None:
    content = "nom;prix\r\nZoë Lefèvre;900\r\n".encode("latin-1")
    raw = mixed([part(b"Yes."), part(content, "text/csv; charset=iso-8859-1; name=a.csv")])
    file = seen(answer(raw, identity=Identity(names=("Zoë Lefèvre",)))).message.get_payload(1)
    assert file.get_payload(decode=True) == b"nom;prix\r\nexample-bakery.org;900\r\n"  # type: ignore[union-attr]
