"""Whatever octets come, they are read as a message as far as they are one, and nothing raises."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailrelay.addresses import address_pairs
from mailrelay.authentication.authors import read_authors
from mailrelay.content.mime import read_structure
from mailrelay.message import RawMessage
from mailrelay.mime_parsing import MimePart, containers_in, parse_mime, parse_mime_header
from mailrelay.reports.reading.report import read_report
from tests.mailrelay.rewriting.test_forward_corpus import mime, mime_messages

_NAMES = (b"boundary", b"charset", b"filename", b"name", b"format")
_SECTIONS = (b"", b"*", b"*0", b"*0*", b"*1", b"*1*", b"*99999999999999999999")
_VALUES = (
    b"b", b'"b"', b'"', b"us-ascii''b", b"utf-8'en'%c3%a9", b"utf-7''+2AA-", b"idna''%ff." + b"a" * 70,
    b"hex''b", b"\0''b",
    b"\xff''\xff", b"undefined''b", b"'", b"''", b"",
)  # fmt: skip
_TOKENS = (
    b"Content-Type: ", b"Content-Disposition: attachment", b"Content-Transfer-Encoding: ", b"multipart/mixed",
    b"multipart/digest", b"text/plain", b"message/rfc822", b"message/delivery-status", b"base64",
    b"x-uuencode",
    b"quoted-printable", b"begin 644 x\n", b"!!!!", b"AAA", b"=", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"--b",
    b"--b--", b"\xff",
    b"\0", b"\x85", b"Subject: ", b"=?utf-7?q?+2AA-?=", b"From ", b": ", b" ",
)  # fmt: skip

parameters = st.builds(
    lambda *pieces: b"; %s%s=%s" % pieces,
    st.sampled_from(_NAMES),
    st.sampled_from(_SECTIONS),
    st.sampled_from(_VALUES),
)
octets = st.lists(st.one_of(st.sampled_from(_TOKENS), parameters, st.binary(max_size=4)), max_size=40).map(
    b"".join
)
_KINDS = (b"multipart/mixed", b"message/rfc822", b"text/plain; boundary=b")


def use(part: MimePart) -> None:
    """Ask everything of a message that the relay asks."""
    for one in part.walk():
        assert isinstance(one, MimePart)
        texts = [one.charset, one.file_name, one.get_content_type(), str(one.get_content_disposition())]
        texts += [f"{name}{value}" for name, value in one.all_fields()]
        texts += [one.text_of("Subject"), *(str(one.get_param(name.decode())) for name in _NAMES)]
        "".join(texts).encode()  # no half characters
        assert isinstance(one.octets, bytes)
        assert len(one.parts) == (len(one.get_payload()) if one.is_multipart() else 0)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(_KINDS), st.lists(parameters, max_size=4), octets)
@example(b"multipart/mixed", [b"; boundary*=us-ascii''b; boundary*0=c"], b"\r\n\r\n--b\r\n\r\nx\r\n--b--")
@example(b"text/plain", [b"; charset*=utf-8''utf-8"], b"\r\nContent-Transfer-Encoding: base64\r\n\r\n\xff")
@example(b"text/plain", [b'; charset="\0"'], b"\r\n\r\n\xff")
def test_anything_is_read_and_nothing_raises(kind: bytes, fields: list[bytes], rest: bytes) -> None:
    raw = b"".join((b"Content-Type: ", kind, *fields, rest))
    use(parse_mime(raw))
    use(parse_mime_header(raw))
    read_structure(RawMessage.parse(raw))
    read_report(raw)


@mime
def test_collected_mail_is_read() -> None:
    for _, message in mime_messages():
        use(parse_mime(message.raw))


@pytest.mark.parametrize(
    "level", [b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: multipart/x; boundary="]
)
def test_what_is_nested_too_deep_is_not_divided(level: bytes) -> None:
    levels = [
        level if level.endswith(b"\n") else b"%sb%d\r\n\r\n--b%d\r\n" % (level, at, at) for at in range(3000)
    ]
    part = parse_mime(b"".join(levels))
    assert not part.parts
    use(part)
    assert containers_in(b"".join(levels)) == 3000


def test_a_name_in_pieces_and_in_a_charset_is_put_together() -> None:
    part = parse_mime(
        b"Content-Disposition: attachment; filename*0*=iso-8859-1'de'%fcb; filename*1=er.txt\r\n\r\n"
    )
    assert part.file_name == "über.txt"


@pytest.mark.parametrize("value", ["(" * 3000 + "a@b.example", "a:" * 2000 + "b@c.example", "<@" * 999, ""])
def test_an_author_field_made_to_break_parsers_names_whom_it_can(value: str) -> None:
    assert all(isinstance(address, str) for _, address in address_pairs(value))
    assert all("@" in one for one in read_authors([value]))
