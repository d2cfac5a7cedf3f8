"""A stranger's letter on its way to the owner: the header changes, the body does not."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import getaddresses, parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.addresses import decoded, parse_mailboxes
from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.rewriting.forward import ForwardFacts, author_of, correspondent_of, rewrite_forward

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


def forward(header: bytes, facts: ForwardFacts = FACTS) -> RawMessage:
    message = RawMessage.parse(header + b"\r\nhello\r\n")
    return rewrite_forward(message, author_of(message, ""), facts)


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
    assert b"\r\n" + field not in b"\r\n" + rewritten.raw


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
    assert rewritten.all("Cc") == ['"c at d.example / e at f.example":;']
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

    for message, reverse_path, wanted in (
        (one, "", "c@d.example"),
        (two, "", "a@b.example"),
        (none, "x@y.example", "x@y.example"),
        (none, "", None),
    ):
        correspondent = correspondent_of(message, author_of(message, reverse_path))
        assert getattr(correspondent, "address", None) == wanted


def test_many_recipients_are_shown_in_lines_that_mail_allows() -> None:
    others = b",\r\n ".join(b'"Zo\xc3\xab, %d" <p%d@d.example>' % (number, number) for number in range(300))
    rewritten = forward(b"From: a@b.example\r\nTo: " + others + b"\r\n")

    [cc] = rewritten.named("cc")
    assert max(map(len, cc.raw.split(b"\r\n"))) < 100
    assert rewritten.first("Cc").endswith(":;")
    assert parse_mailboxes(rewritten.first("Cc")) == ()
    assert decoded(rewritten.first("Cc")[:-2]).startswith("Zo\u00eb, 0, p0 at d.example / Zo\u00eb, 1, p1")
    assert decoded(rewritten.first("Cc")[:-2]).endswith(" / ...")


def test_a_message_to_the_relay_alone_tells_nothing_twice() -> None:
    rewritten = forward(b"From: a@b.example\r\nTo: Owner <ABC@Relay.example>\r\n")
    assert rewritten.count("Cc") == 0
    assert rewritten.count("X-Whoisproxy-Original-To") == 0


def test_of_fields_that_may_stand_once_the_first_stays() -> None:
    """Programs differ in which of two they show; the standard library shows the first."""
    rewritten = forward(
        b"From: a@b.example\r\nSubject: one\r\nSUBJECT : two\r\nDate: 1\r\ndate: 2\r\n"
        b"Content-Type: text/plain\r\nMessage-ID: <1@x>\r\nMessage-Id: <2@x>\r\ncontent-type: text/html\r\n"
    )
    for name, value in (
        ("subject", "one"),
        ("date", "1"),
        ("content-type", "text/plain"),
        ("message-id", "<1@x>"),
    ):
        assert rewritten.all(name) == [value]


def test_obsolete_syntax_is_tidied_so_that_every_program_reads_on() -> None:
    rewritten = forward(b"From : a@b.example\r\nSubject \t: one\r\n two\r\nX-Other: 1\r\n")
    assert b"\r\nSubject: one\r\n two\r\nX-Other: 1\r\n" in rewritten.raw
    assert message_from_bytes(rewritten.raw)["X-Other"] == "1"


def test_what_every_message_must_have_is_added_and_stays_when_it_is_sent_again() -> None:
    first, again = forward(b"From: a@b.example\r\n"), forward(b"From: a@b.example\r\n")
    assert first.all("Date") == ["Mon, 01 Jun 2026 00:00:00 +0000"]
    assert first.all("Message-ID") == again.all("Message-ID") == ["<msg_1@mx.relay.example>"]


def test_list_fields_are_shown_but_lead_nowhere() -> None:
    rewritten = forward(
        b"From: a@b.example\r\nList-Id: News <news.b.example>\r\nList-Post: <mailto:news@b.example>\r\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nAuto-Submitted: auto-generated\r\n"
    )
    assert rewritten.first("List-Id") == "News <news.b.example>"
    assert rewritten.first("Auto-Submitted") == "auto-generated"
    assert rewritten.count("List-Post") == rewritten.count("List-Unsubscribe-Post") == 0
    assert rewritten.first("X-Whoisproxy-Original-List-Post") == "<mailto:news@b.example>"


def test_one_click_unsubscribing_is_ours() -> None:
    """RFC 8058 section 3.1; it blocks this correspondent."""
    rewritten = forward(
        b"From: a@b.example\r\nList-Unsubscribe: <https://b.example/>\r\n",
        facts=replace(
            FACTS, block_url="https://relay.example/block/1", answer_url="https://relay.example/a/1"
        ),
    )
    assert rewritten.all("List-Unsubscribe") == ["<https://relay.example/block/1>"]
    assert rewritten.all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert rewritten.all("X-Whoisproxy-Answer") == ["<https://relay.example/a/1>"]


def test_filters_and_people_learn_what_the_relay_found() -> None:
    found = "mx.relay.example;\r\n\tdkim=none;\r\n\tdmarc=fail policy.dmarc=reject header.from=b.example"
    rewritten = forward(b"From: a@b.example\r\n", facts=replace(FACTS, authentication=found, score=4.25))
    assert rewritten.all("X-Whoisproxy-Domain") == ["example.org"]
    assert rewritten.all("X-Whoisproxy-Authentication") == ["fail"]
    assert rewritten.all("X-Whoisproxy-Score") == ["4.2"]
    assert rewritten.all("X-Whoisproxy-Verdict") == ["content-score=tag (spammy)"]
    assert forward(b"From: a@b.example\r\n").all("X-Whoisproxy-Authentication") == ["none"]


def test_one_message_to_several_domains_of_an_owner_has_one_mark() -> None:
    letter = b"From: a@b.example\r\nMessage-ID: <1@x>\r\n"
    ours = replace(FACTS, hint_key=b"k" * 32)

    def mark(header: bytes, facts: ForwardFacts) -> str:
        return forward(header, facts=facts).first("X-Whoisproxy-Message")

    assert mark(letter, ours) == mark(
        letter, replace(ours, domain="example.net", relay_address="x@relay.example")
    )
    assert mark(letter, ours) != mark(letter, replace(ours, hint_key=b"l" * 32))
    assert mark(letter, ours) != mark(letter.replace(b"1@x", b"2@x"), ours)
    assert mark(b"From: a@b.example\r\n", ours) != mark(b"From: b@b.example\r\n", ours)
    assert mark(letter, FACTS) == ""


@pytest.mark.parametrize(
    "author",
    [
        "root\uff20bank.example <a@b.example>",
        '"x@y" <"a@c"@b.example>',
        "=?utf-8?q?root=40bank=2Eexample?= <a@b.example>",
        "a" * 300 + " <" + "l" * 250 + "@b.example>",
        "Zo\u00eb\u202e\u200b <a@b.example>",
    ],
)
def test_a_name_shows_no_address_and_always_says_by_which_domain(author: str) -> None:
    rewritten = forward(f"From: {author}\r\n".encode())
    display, address = parseaddr(rewritten.first("From"))
    assert address == "r1@relay.example"
    shown = decoded(display)
    assert not set(shown) & set("@\uff20\ufe6b\u202e\u200b")
    assert shown.endswith(" (via example.org)")
    assert len(shown) <= 200


def test_an_arc_chain_stays_only_where_ours_follows() -> None:
    header = b"ARC-Seal: i=1; a=b\r\nFrom: a@b.example\r\n"
    assert forward(header).count("ARC-Seal") == 0
    assert forward(header, facts=replace(FACTS, keeps_chain=True)).count("ARC-Seal") == 1


# Pieces of headers as strangers may write them: names of all treatments, blanks before the colon, folding,
# 8-bit octets, encoded words, and lines that are no fields at all.
_NAMES = st.sampled_from(
    [
        "From", "from", "TO", "Cc", "Bcc", "Sender", "Reply-To", "Subject", "Date", "Message-ID",
        "References", "In-Reply-To", "Content-Type", "MIME-Version", "Content-Transfer-Encoding",
        "X-Whoisproxy-Verdict", "List-Unsubscribe", "List-Id", "Resent-To",
        "Disposition-Notification-To", "DKIM-Signature", "Authentication-Results", "Received", "X-Other",
    ]
)  # fmt: skip
_VALUES = st.one_of(
    st.sampled_from(
        [
            b"ada@offers.example", b'"a@b" <c@d.example>, e@f.example', b"=?utf-8?q?a=40b?= <c@d.example>",
            b"group: a@b.example, c@d.example;", b"<mailto:x@y.example>", b"mx.relay.example; dmarc=pass",
            b"=?utf-7?b?2AA?=", b"a\r\n b@c.example", b"", b" ", b"\r\n ",
        ]
    ),
    st.binary(max_size=60).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"\r\n ")),
)  # fmt: skip
_LINES = st.one_of(
    st.tuples(_NAMES, st.sampled_from([b":", b": ", b" :", b"\t: "]), _VALUES).map(
        lambda one: one[0].encode() + one[1] + one[2] + b"\r\n"
    ),
    st.binary(max_size=40).map(lambda line: line + b"\r\n"),
)
_ADDRESS_FIELDS = (
    "From", "Reply-To", "To", "Cc", "Bcc", "Sender", "Resent-To", "Resent-From",
    "Disposition-Notification-To", "Return-Path",
)  # fmt: skip


@given(st.lists(_LINES, max_size=25).map(b"".join), st.binary(max_size=80), st.text(max_size=40))
def test_whatever_the_header_was_the_new_one_is_sound(header: bytes, body: bytes, reverse_path: str) -> None:
    message = RawMessage.parse(canonical_line_ends(header + b"\r\n" + body))
    rewritten = rewrite_forward(message, author_of(message, reverse_path), FACTS)

    assert rewritten.raw.endswith(b"\r\n\r\n" + message.body)
    again = RawMessage.parse(rewritten.raw)
    assert (again.fields, again.body) == (rewritten.fields, message.body)
    for name in ("From", "Reply-To", "To", "Date", "Message-ID"):
        assert again.count(name) == 1, name
    for name in ("Subject", "References", "In-Reply-To", "Content-Type", "MIME-Version", "List-Id", "Cc"):
        assert again.count(name) <= 1, name
    ours = {"r1@relay.example", "abc@relay.example"}
    found = {
        one.address for name in _ADDRESS_FIELDS for value in again.all(name) for one in parse_mailboxes(value)
    }
    assert found <= ours
    assert again.count("List-Unsubscribe") == 0
    assert again.all("X-Whoisproxy-Verdict") == list(FACTS.verdicts)


@given(st.lists(_LINES, max_size=25).map(b"".join))
def test_the_standard_library_finds_no_other_address_in_it(header: bytes) -> None:
    message = RawMessage.parse(canonical_line_ends(header + b"\r\nbody"))
    rewritten = message_from_bytes(rewrite_forward(message, author_of(message, ""), FACTS).raw)
    values = [str(value) for name in _ADDRESS_FIELDS for value in rewritten.get_all(name, [])]
    assert {address for _, address in getaddresses(values) if "@" in address} == {
        "r1@relay.example",
        "abc@relay.example",
    }
