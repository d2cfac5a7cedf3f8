"""The arguments of MAIL, RCPT, EHLO and BDAT."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest, Notify
from mailrelay.server.dsn_text import original_recipient, xtext
from mailrelay.server.parameters import (
    NOTHING_SAID,
    MailParameters,
    chunk,
    hello_name,
    mail_arguments,
    rcpt_arguments,
)
from mailrelay.server.replies import CommandRefused

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "))
GRAPHIC = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=30)
UTF8 = MailParameters(smtputf8=True)


def mail(argument: str) -> tuple[str, MailParameters]:
    return mail_arguments(argument, extended=True)


def rcpt(argument: str, said: MailParameters = NOTHING_SAID) -> tuple[str, DsnRequest]:
    return rcpt_arguments(argument, said, extended=True)


def refusal(argument: str, said: MailParameters = NOTHING_SAID) -> str:
    """Return code and enhanced code of the refusal of a MAIL or RCPT."""
    with pytest.raises(CommandRefused) as refused:
        _ = mail(argument) if argument[:1].upper() == "F" else rcpt(argument, said)
    return f"{refused.value.reply.code} {refused.value.reply.enhanced}"


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        ("FROM:<ada@offers.example>", "ada@offers.example"),
        ("from: <ada@offers.example>", "ada@offers.example"),
        ("FROM:<>", ""),
        ("FROM:<a..b.@docomo.example>", "a..b.@docomo.example"),
        ('FROM:<"a <b> @ c"@offers.example>', '"a <b> @ c"@offers.example'),
        ("FROM:<ada@[192.0.2.1]>", "ada@[192.0.2.1]"),
        ("FROM:<ada@[IPv6:2001:db8::1]>", "ada@[IPv6:2001:db8::1]"),
        ("FROM:<b+" + "x" * 200 + "@lists.example>", "b+" + "x" * 200 + "@lists.example"),
    ],
)
def test_paths_that_real_mail_has_are_taken(argument: str, path: str) -> None:
    assert mail(argument) == (path, NOTHING_SAID)


@pytest.mark.parametrize(
    ("argument", "answer"),
    [
        ("FROM:ada@offers.example", "501 5.5.4"),
        ("FROM ada@offers.example", "501 5.5.4"),
        ("FROM:", "501 5.5.4"),
        ("FROM:<ada>", "553 5.1.7"),
        ("FROM:<ada@>", "553 5.1.7"),
        ("FROM:<@a.example:ada@offers.example>", "553 5.1.7"),
        ("FROM:<ada@offers.example", "553 5.1.7"),
        ("FROM:<ada@offers.example>SIZE=1", "553 5.1.7"),
        ("FROM:<ada@offers.example> SIZE=x", "501 5.5.4"),
        ("FROM:<ada@offers.example> SIZE=", "501 5.5.4"),
        ("FROM:<ada@offers.example> SIZE", "501 5.5.4"),
        ("FROM:<ada@offers.example> SIZE=1 size=1", "501 5.5.4"),
        ("FROM:<ada@offers.example> SIZE=\u0661", "501 5.5.4"),
        ("FROM:<ada@offers.example> BODY=BINARYMIME", "501 5.5.4"),
        ("FROM:<ada@offers.example> SMTPUTF8=1", "501 5.5.4"),
        ("FROM:<ada@offers.example> RET=ALL", "501 5.5.4"),
        ("FROM:<ada@offers.example> ENVID=a+b", "501 5.5.4"),
        ("FROM:<ada@offers.example> ENVID=a+0D+0Ab", "501 5.5.4"),
        ("FROM:<ada@offers.example> ENVID=" + "x" * 101, "501 5.5.4"),
        ("FROM:<ada@offers.example> AUTH=<>", "555 5.5.4"),
        ("FROM:<ada@offers.example> NOTIFY=NEVER", "555 5.5.4"),
        ("FROM:<zo\u00eb@offers.example>", "553 5.6.7"),
        ("TO:<>", "501 5.1.3"),
        ("TO:<zoe>", "501 5.1.3"),
        ("TO:zoe@relay.example", "501 5.5.4"),
        ("TO:<@a.example,@b.example:zoe@relay.example>", "501 5.1.3"),
        ("TO:<zo\u00eb@relay.example>", "553 5.6.7"),
        ("TO:<zoe@relay.example> NOTIFY=", "501 5.5.4"),
        ("TO:<zoe@relay.example> NOTIFY=NEVER,DELAY", "501 5.5.4"),
        ("TO:<zoe@relay.example> NOTIFY=DELAY,DELAY", "501 5.5.4"),
        ("TO:<zoe@relay.example> NOTIFY=DELAY NOTIFY=DELAY", "501 5.5.4"),
        ("TO:<zoe@relay.example> ORCPT=rfc822", "501 5.5.4"),
        ("TO:<zoe@relay.example> ORCPT=rfc822;", "501 5.5.4"),
        ("TO:<zoe@relay.example> ORCPT=rfc822;a=b", "501 5.5.4"),
        ("TO:<zoe@relay.example> ORCPT=rfc822;a+0a", "501 5.5.4"),
        ("TO:<zoe@relay.example> ORCPT=rfc822;" + "x" * 500, "501 5.5.4"),
        ("TO:<zoe@relay.example> ORCPT=utf-8;zo\u00eb@x.example", "553 5.6.7"),
        ("TO:<zoe@relay.example> RET=FULL", "555 5.5.4"),
    ],
)
def test_what_breaks_the_grammar_is_refused(argument: str, answer: str) -> None:
    assert refusal(argument) == answer


def test_parameters_need_ehlo() -> None:
    with pytest.raises(CommandRefused, match="555"):
        mail_arguments("FROM:<ada@offers.example> SIZE=1", extended=False)


def test_the_parameters_of_mail_are_read_in_any_case_and_order() -> None:
    argument = "FROM:<zo\u00eb@offers.example> smtputf8 ret=full ENVID=QQ+2B314  body=8bitmime size=4096"
    assert mail(argument) == (
        "zo\u00eb@offers.example",
        MailParameters(size_octets=4096, smtputf8=True, returns_full=True, envelope_id="QQ+314"),
    )


def test_a_request_is_what_mail_and_rcpt_say_together() -> None:
    said = MailParameters(returns_full=True, envelope_id="QQ314")
    recipient = "TO:<zoe@relay.example>"
    assert rcpt(recipient)[1] is NOTHING_ASKED
    assert rcpt(recipient, said)[1] == DsnRequest(returns_full=True, envelope_id="QQ314")
    assert rcpt(f"{recipient} NOTIFY=never")[1] == DsnRequest(frozenset())
    assert rcpt(f"{recipient} NOTIFY=Success,DELAY ORCPT=RFC822;zoe+2Bx@a.example", said)[1] == DsnRequest(
        notify=frozenset({Notify.SUCCESS, Notify.DELAY}),
        returns_full=True,
        envelope_id="QQ314",
        original_recipient="rfc822;zoe+x@a.example",
    )


def test_postmaster_needs_no_domain() -> None:
    assert rcpt("TO:<PostMaster>")[0] == "PostMaster"


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        (r"utf-8;zo\x{EB}@\x{20AC}.example", "utf-8;zo\u00eb@\u20ac.example"),
        (r"UTF-8;a\x{2B}b\x{3D}\x{5C}\x{20}@x.example", "utf-8;a+b=\\ @x.example"),
        (r"utf-8;\x{1F600}@x.example", "utf-8;\U0001f600@x.example"),
        ("utf-8;zo\u00eb@x.example", "utf-8;zo\u00eb@x.example"),
        ("X-Local;a+20b", "x-local;a b"),
    ],
)
def test_original_recipients_are_decoded_by_their_type(encoded: str, decoded: str) -> None:
    """RFC 3461 section 4.2, RFC 6533 section 3."""
    assert original_recipient(encoded) == decoded


@pytest.mark.parametrize(
    "point", ["0A", "0D", "00", "7F", "41", "0EB", "eb", "D800", "110000", "85", "2028", "E000"]
)
def test_an_encoded_character_is_one_that_needs_it_and_may_be_there(point: str) -> None:
    with pytest.raises(ValueError, match=r"code point|no encoding|printable|utf-8-addr"):
        original_recipient(f"utf-8;a\\x{{{point}}}b@x.example")


@given(GRAPHIC)
def test_xtext_comes_back(text: str) -> None:
    encoded = re.sub(r"[+= ]", lambda found: f"+{ord(found[0]):02X}", text)
    assert xtext(encoded, 200) == text


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["C", "Z"]), min_size=1, max_size=20))
def test_utf8_addresses_come_back(text: str) -> None:
    needs_it = (character in "+=\\" or ord(character) > 0x7F for character in text)
    pairs = zip(text, needs_it, strict=True)
    encoded = "".join(f"\\x{{{ord(one):02X}}}" if needed else one for one, needed in pairs)
    assert original_recipient(f"utf-8;{encoded}") == f"utf-8;{text}"


@given(PRINTABLE)
def test_nothing_but_a_refusal_comes_of_any_argument(text: str) -> None:
    for parse in (
        lambda: mail(f"FROM:{text}"),
        lambda: mail(f"FROM:<a@b> {text}"),
        lambda: rcpt(f"TO:{text}", UTF8),
        lambda: rcpt(f"TO:<a@b> ORCPT={text}", UTF8),
        lambda: hello_name(text),
        lambda: chunk(text),
    ):
        with contextlib.suppress(CommandRefused):
            parse()


@pytest.mark.parametrize("name", ["mx.offers.example", "localhost", "WIN_1-A", "[192.0.2.1]", "[IPv6:::1]"])
def test_names_of_clients(name: str) -> None:
    assert hello_name(name) == name


@pytest.mark.parametrize("name", ["", "a b", "a\u00e9", "<a>", "[]", "a" * 256, "a;b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(CommandRefused):
        hello_name(name)


def test_chunks_have_a_length_and_may_be_the_last() -> None:
    assert chunk("0") == (0, False)
    assert chunk("86 last") == (86, True)
    for text in ("", "x", "-1", "1 2", "1 LAST x", "9" * 19, "\u0661"):
        with pytest.raises(CommandRefused):
            chunk(text)
