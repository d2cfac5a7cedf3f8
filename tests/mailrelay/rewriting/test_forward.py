"""A stranger's letter on its way to the owner: the header changes, the body does not."""

from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path

import pytest

from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.forward import ForwardFacts, author_of, correspondent_of, rewrite_forward

MIME = (Path(__file__).parents[3] / "../shared/data/mail/mime").resolve()
FACTS = ForwardFacts(
    domain="example.org",
    relay_address="abc@relay.example",
    reply_address="r1@relay.example",
    relay_host="mx.relay.example",
    authentication="mx.relay.example; spf=pass smtp.mailfrom=offers.example",
    verdicts=("content-score=tag (spammy)",),
    queue_id="msg_1",
    received_at=datetime(2026, 6, 1, tzinfo=UTC),
)


def forward(header: bytes, body: bytes = b"hello\r\n", reverse_path: str = "") -> RawMessage:
    message = RawMessage.parse(header + b"\r\n" + body)
    return rewrite_forward(message, author_of(message, reverse_path), FACTS)


@pytest.mark.parametrize(
    "field",
    [
        b"Authentication-Results: mx.relay.example; dmarc=pass",
        b"X-Whoisproxy-Verdict: none",
        b"DKIM-Signature: v=1; d=offers.example",
        b"Return-Path: <x@y.example>",
        b"Bcc: x@y.example",
        b"Sender: x@y.example",
        b"Resent-From: x@y.example",
        b"Disposition-Notification-To: ada@offers.example",
        b"List-Unsubscribe: <mailto:ada@offers.example>",
        b"Reply-To: ada@offers.example",
    ],
)
def test_fields_that_lie_or_lead_past_the_relay_are_dropped(field: bytes) -> None:
    rewritten = forward(b"From: ada@offers.example\r\n" + field + b"\r\n")
    assert field not in rewritten.raw


def test_the_header_that_concerns_the_owner_stays() -> None:
    kept = (
        b"Date: Mon, 1 Jun 2026 10:00:00 +0200\r\nSubject: =?utf-8?q?Zo=C3=AB?=\r\n"
        b"Message-ID: <1@x>\r\nReferences: <0@x>\r\n <1@y>\r\n"
        b"Authentication-Results: other.example; spf=pass\r\n"
    )
    assert kept in forward(b"From: ada@offers.example\r\n" + kept).raw


def test_an_answer_to_all_reaches_nobody_but_through_the_relay() -> None:
    rewritten = forward(b"From: a@b.example\r\nTo: abc@relay.example, c@d.example\r\nCc: e@f.example\r\n")

    assert rewritten.all("To") == ["abc@relay.example"]
    assert rewritten.count("Cc") == 0
    assert rewritten.first("Reply-To") == "r1@relay.example"
    assert rewritten.first("X-Whoisproxy-Original-Cc") == "e@f.example"


def test_the_display_name_holds_no_address_of_anybody() -> None:
    rewritten = forward(b'From: "support@bank.example" <ada@offers.example>\r\n')

    display, address = parseaddr(rewritten.first("From"))
    assert address == "r1@relay.example"
    assert "@" not in display
    assert display == "support at bank.example, ada at offers.example (via example.org)"


def test_the_answer_goes_where_the_author_wants_it() -> None:
    one = RawMessage.parse(b"From: a@b.example\r\nReply-To: c@d.example\r\n\r\n")
    two = RawMessage.parse(b"From: a@b.example\r\nReply-To: c@d.example, e@f.example\r\n\r\n")
    none = RawMessage.parse(b"Subject: x\r\n\r\n")

    assert [getattr(correspondent_of(one, ""), "address", None)] == ["c@d.example"]
    assert [getattr(correspondent_of(two, ""), "address", None)] == ["a@b.example"]
    assert [getattr(correspondent_of(none, "x@y.example"), "address", None)] == ["x@y.example"]
    assert correspondent_of(none, "") is None


@pytest.mark.skipif(not MIME.exists(), reason="the collection of MIME messages is not here")
def test_no_octet_of_a_real_body_changes() -> None:
    for path in [one for one in MIME.rglob("*") if one.is_file() and one.suffix in {".msg", ".eml", ".txt"}]:
        message = RawMessage.parse(canonical_line_ends(path.read_bytes()))
        rewritten = rewrite_forward(message, author_of(message, "x@y.example"), FACTS)
        assert RawMessage.parse(rewritten.raw).body == message.body, path.name
