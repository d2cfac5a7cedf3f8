"""Who speaks in an Authentication-Results field, and what he says (RFC 8601 section 2.2)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.authentication.results_field import Statement, authserv_id, claims_to_be, statements
from mailrelay.message import RawMessage
from mailrelay.rewriting.forward import ForwardFacts, rewrite_forward

OWN = "mx.relay.example"
FACTS = ForwardFacts(
    domain="example.org",
    relay_address="abc@relay.example",
    reply_address="r1@relay.example",
    relay_host=OWN,
    authentication=f"{OWN}; spf=fail smtp.mailfrom=offers.example",
    verdicts=(),
    queue_id="msg_1",
    received_at=datetime(2026, 6, 1, tzinfo=UTC),
)

_blanks = st.text(" \t", max_size=3)
_comments = st.recursive(
    st.text("abc.;=\"' \\)", max_size=6).map(lambda text: f"({text.replace(chr(92), '').replace(')', '')})"),
    lambda inner: st.tuples(st.text("xyz ;", max_size=3), inner).map(lambda pair: f"({pair[0]}{pair[1]})"),
    max_leaves=3,
)
_cfws = st.tuples(_blanks, st.lists(_comments, max_size=2).map("".join), _blanks).map("".join)


@st.composite
def _spellings(draw: st.DrawFn, name: str) -> str:
    """Draw a way to write a name at the head of an Authentication-Results value."""
    cased = "".join(draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in name)
    match draw(st.integers(0, 2)):
        case 0:
            written = cased
        case 1:
            written = f'"{cased}"'
        case _:
            written = '"' + "".join(f"\\{letter}" for letter in cased) + '"'
    version = draw(st.sampled_from(["", " 1", "\t1 ", " (v) 1", "/1", "."]))
    if version in {"/1", "."} and '"' in written:
        version = ""
    before, after = draw(_cfws), draw(_cfws)
    end = draw(st.sampled_from(["; none", ";dmarc=pass header.from=bank.example", ""]))
    return f"{before}{written}{version}{after}{end}"


@given(_spellings(OWN))
def test_our_name_is_known_however_it_is_spelt(value: str) -> None:
    assert claims_to_be(value, OWN)


@given(_spellings(OWN), st.sampled_from(["Authentication-Results", "AUTHENTICATION-results"]))
def test_results_that_claim_to_be_ours_do_not_reach_the_owner(value: str, name: str) -> None:
    message = RawMessage.parse(f"From: a@b.example\r\n{name}: {value}\r\n\r\n".encode())
    rewritten = rewrite_forward(message, None, FACTS)
    assert rewritten.all("Authentication-Results") == [FACTS.authentication]


@given(_spellings("mx.relay.example.evil.example"))
def test_the_results_of_others_are_not_taken_for_ours(value: str) -> None:
    assert not claims_to_be(value, OWN)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("mx.relay.example 1; none", "mx.relay.example"),
        ("(c) mx.relay.example; none", "mx.relay.example"),
        ("(a (nested \\) ) one) mx.relay.example(x);none", "mx.relay.example"),
        ('"mx.relay.example" (;); none', "mx.relay.example"),
        ("mx.relay.example.;none", "mx.relay.example"),
        ("mx.relay.example", "mx.relay.example"),
        ("(mx.relay.example) other.example; none", "other.example"),
        ("(never closed mx.relay.example; none", ""),
        ("; none", ""),
        ("", ""),
        ("= x; none", ""),
    ],
)
def test_the_name_is_read_as_the_grammar_says(value: str, name: str) -> None:
    assert authserv_id(value) == name


@pytest.mark.parametrize(
    "value",
    [
        "mx.relay.example/1; dmarc=pass",
        "mx.relay.example, dmarc=pass",
        "mx.relay.example: dmarc=pass",
        "<mx.relay.example>; dmarc=pass",
        '"mx.relay.example; dmarc=pass',
        '" mx.relay.example "; dmarc=pass',
        "mx.relay.example=x; dmarc=pass",
        "(" * 3000 + ")" * 3000 + "mx.relay.example; dmarc=pass",
    ],
)
def test_a_bad_spelling_of_our_name_is_still_ours(value: str) -> None:
    """A reader may be less strict than the grammar."""
    assert claims_to_be(value, OWN)


def test_what_speaks_under_no_name_counts_as_ours() -> None:
    """It cannot be told apart from a forgery by whoever reads less strictly."""
    assert claims_to_be("; dmarc=pass", OWN)


def test_statements_are_read_with_comments_quotes_and_versions() -> None:
    value = (
        'mx.example 1 (x); SPF=Pass (why; not) smtp.mailfrom="a;b@c.example" reason="said (so)";'
        " dkim/1 = pass header.d=c.example header.i=@sub.c.example; ; nonsense; dmarc=fail (p=none)"
        " header.from=c.example"
    )
    assert statements(value) == [
        Statement("spf", "pass", {"smtp.mailfrom": "a;b@c.example", "reason": "said (so)"}),
        Statement("dkim", "pass", {"header.d": "c.example", "header.i": "@sub.c.example"}),
        Statement("dmarc", "fail", {"header.from": "c.example"}),
    ]


def test_a_property_said_twice_counts_as_said_first() -> None:
    [statement] = statements("x.example; dmarc=pass header.from=a.example header.from=b.example")
    assert statement.properties == {"header.from": "a.example"}


def test_nothing_in_a_comment_or_a_quoted_string_is_a_statement() -> None:
    told = 'x.example; spf=fail (; dmarc=pass header.from=a.example) smtp.mailfrom="; dmarc=pass"'
    assert [one.method for one in statements(told)] == ["spf"]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    authserv_id(text)
    statements("x.example;" + text)
