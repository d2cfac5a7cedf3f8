"""What a stranger's message answers is named as the owner's program knows it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.message import HeaderField, RawMessage
from mailrelay.rewriting.forward import rewrite_forward
from mailrelay.rewriting.forward.thread_fields import with_owners_ids
from mailrelay.rewriting.threads import AnswerIds
from tests.mailrelay.rewriting.test_forward import FACTS

OURS = "<0123456789abcdef0123456789abcdef@relay.example>"
OWN = "<mine-1@home.example>"
KNOWN = {OURS: OWN}


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (f"References: <1@x>\r\n\t{OURS}\r\n <2@x>\r\n", f"References: <1@x>\r\n\t{OWN}\r\n <2@x>\r\n"),
        (f"references :{OURS}{OURS}\r\n", f"references :{OWN}{OWN}\r\n"),
        (f"In-Reply-To: Your letter {OURS} (é)\r\n", f"In-Reply-To: Your letter {OWN} (é)\r\n"),
        (f"In-Reply-To: {OURS}", f"In-Reply-To: {OWN}"),
        (f"In-Reply-To: <<{OURS}\r\n", f"In-Reply-To: <<{OWN}\r\n"),
        ("References: <0123@relay.example> <\r\n", "References: <0123@relay.example> <\r\n"),
        (f"Message-ID: {OURS}\r\n", f"Message-ID: {OURS}\r\n"),
        (f"Subject: {OURS}\r\n", f"Subject: {OURS}\r\n"),
    ],
)  # fmt: skip
def test_only_our_id_changes_and_only_where_messages_are_answered(raw: str, wanted: str) -> None:
    name = raw.partition(":")[0].strip()
    assert with_owners_ids(HeaderField(name, raw.encode()), KNOWN).raw == wanted.encode()


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_whatever_stands_around_it_stays(before: bytes, behind: bytes) -> None:
    field = HeaderField("References", b"References: " + before + b" " + behind)
    assert with_owners_ids(field, KNOWN) == field


def test_the_header_keeps_to_the_lines_that_mail_allows() -> None:
    """The owner's ids may be longer than ours, and there may be many on a line (RFC 5322 section 2.1.1)."""
    long = "<" + "m" * 235 + "@home.example>"
    field = HeaderField("References", b"References: " + " ".join([OURS] * 18).encode() + b"\r\n")

    got = with_owners_ids(field, {OURS: long})

    assert got.value.split() == [long] * 18
    assert max(map(len, got.raw.splitlines())) <= 998


@pytest.mark.parametrize("own", ["<é@home.example>", "<a\0b@home.example>"])
def test_an_id_that_not_every_program_can_read_is_left_out(own: str) -> None:
    field = HeaderField("References", f"References: {OURS}\r\n".encode())
    assert with_owners_ids(field, {OURS: own}) == field


def test_the_body_and_the_rest_of_the_header_are_forwarded_as_before() -> None:
    header = f"From: a@b.example\r\nMessage-ID: <2@x>\r\nReferences: <1@x> {OURS}\r\n"
    message = RawMessage.parse(f"{header}\r\nAs you said in {OURS}\r\n".encode())
    plain = rewrite_forward(message, None, FACTS)
    named = rewrite_forward(message, None, replace(FACTS, owners_ids=KNOWN))

    assert named.raw == plain.raw.replace(f"<1@x> {OURS}".encode(), f"<1@x> {OWN}".encode())


def test_a_message_that_answers_none_of_ours_names_none() -> None:
    ids = AnswerIds(b"k" * 32, "relay.example")
    header = f"References: <1@offers.example> {OURS}\r\nIn-Reply-To: {OURS}\r\n"

    assert ids.named_in(RawMessage.parse(f"{header}\r\n".encode())) == (OURS,)
    assert (
        ids.named_in(RawMessage.parse(f"Subject: {OURS}\r\nReferences: <1@x>\r\n\r\n{OURS}".encode())) == ()
    )
    assert ids.named_in(RawMessage.parse(b"References: <1@relay.example.evil.example>\r\n\r\n")) == ()
