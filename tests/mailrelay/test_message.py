"""Header surgery keeps every octet that it was not asked to change."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.message import HeaderField, RawMessage, canonical_line_ends

MIME = (Path(__file__).parents[2] / "../shared/data/mail/mime").resolve()

names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)
headers = st.lists(st.tuples(names, values), max_size=8)


@given(st.binary(max_size=2000))
def test_any_octets_can_be_read_and_none_is_lost(raw: bytes) -> None:
    message = RawMessage.parse(raw)

    assert message.raw == raw
    header = b"".join(field.raw for field in message.fields)
    assert raw.startswith(header)
    assert raw.endswith(message.body)
    # Between header and body there is at most the empty line.
    assert raw[len(header) : len(raw) - len(message.body)] in {b"", b"\r\n", b"\n", b"\r"}


@given(headers, st.binary(max_size=200))
def test_what_was_put_together_is_read_back(pairs: list[tuple[str, str]], body: bytes) -> None:
    fields = [HeaderField.make(name, value) for name, value in pairs]

    message = RawMessage.parse(RawMessage.assemble(fields, body).raw)

    assert [field.name for field in message.fields] == [name for name, _ in pairs]
    assert [field.value for field in message.fields] == [value.strip(" \t\r\n") for _, value in pairs]
    assert message.body == body


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b", "a\r\n\r\n body", "a\r\n"]
)
def test_no_value_can_begin_another_field(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        HeaderField.make("Subject", value)


def test_a_folded_field_is_one_field_and_reads_as_one_line() -> None:
    message = RawMessage.parse(b"Subject: one\r\n two\r\n\tthree\r\nsubject: again\r\n\r\nbody")

    assert message.all("SUBJECT") == ["one two\tthree", "again"]
    assert message.first("Missing") == ""


def test_a_line_that_is_no_field_ends_the_header() -> None:
    message = RawMessage.parse(b"A: 1\r\nnot a field\r\nB: 2\r\n\r\nbody")

    assert [field.name for field in message.fields] == ["A"]
    assert message.body == b"not a field\r\nB: 2\r\n\r\nbody"


@given(st.binary(max_size=500))
def test_canonical_line_ends_are_only_pairs(raw: bytes) -> None:
    made = canonical_line_ends(raw)
    assert made.replace(b"\r\n", b"").count(b"\r") == made.replace(b"\r\n", b"").count(b"\n") == 0
    assert canonical_line_ends(made) == made


@pytest.mark.skipif(not MIME.exists(), reason="the collection of MIME messages is not here")
def test_real_messages_are_read_without_changing_an_octet() -> None:
    files = [
        path for path in MIME.rglob("*") if path.is_file() and path.suffix in {".msg", ".eml", ".txt", ""}
    ]
    assert files
    for path in files:
        raw = path.read_bytes()
        message = RawMessage.parse(raw)
        assert message.raw == raw
        assert RawMessage.assemble(message.fields, message.body).body == message.body
