"""No frame harms us, whoever made it; and no password survives masking."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from registries.epp.frames import (
    Command,
    ContactCheck,
    ContactInfo,
    DomainInfo,
    DomainTransferQuery,
    Greeting,
    HostInfo,
    PollRequest,
    Response,
    encode,
    read_frame,
)
from registries.epp.markup import CONTACT, DOMAIN, EPP, FrameError, masked, parse
from registries.epp.transport import MAX_FRAME_OCTETS
from tests.registries.epp.commands import COMMANDS, SECRETS

_OPEN = f'<epp xmlns="{EPP}">'.encode()
_ENTITY_BOMB = (
    b'<!DOCTYPE epp [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (n + 1, n, n, n, n) for n in range(97, 117))
    + b"]>"
    + _OPEN
    + b"&u;</epp>"
)

ATTACKS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not well-formed"),
    "document type": (b"<!DOCTYPE epp>" + _OPEN + b"</epp>", "document type"),
    "internal entity": (b'<!DOCTYPE epp [<!ENTITY a "b">]>' + _OPEN + b"&a;</epp>", "document type"),
    "external entity": (
        b'<!DOCTYPE epp [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _OPEN + b"&a;</epp>",
        "document type",
    ),
    "external subset": (
        b'<!DOCTYPE epp SYSTEM "http://127.0.0.1/x.dtd">' + _OPEN + b"</epp>",
        "document type",
    ),
    "parameter entity": (b'<!DOCTYPE epp [<!ENTITY % a SYSTEM "file:///x"> %a;]><epp/>', "document type"),
    "billion laughs": (_ENTITY_BOMB, "document type"),
    "entity without a document type": (_OPEN + b"&a;</epp>", "not well-formed"),
    "UTF-16 with a mark": ("<!DOCTYPE epp><epp/>".encode("utf-16"), "not UTF-8"),
    "UTF-16 without a mark": ("<!DOCTYPE epp><epp/>".encode("utf-16-le"), "not well-formed"),
    "UTF-32": ("<!DOCTYPE epp><epp/>".encode("utf-32-be"), "not well-formed"),
    "UTF-7": (
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE epp+AD4-' + _OPEN + b"</epp>",
        "not well-formed",
    ),
    "EBCDIC": ('<?xml version="1.0" encoding="cp037"?><epp/>'.encode("cp037"), "not UTF-8"),
    "Latin-1": ('<?xml version="1.0" encoding="ISO-8859-1"?><epp>é</epp>'.encode("latin-1"), "not UTF-8"),
    "overlong UTF-8": (b"\xc0\xbc!DOCTYPE epp><epp/>", "not UTF-8"),
    "lone surrogate": (_OPEN + b"\xed\xa0\x80</epp>", "not UTF-8"),
    "NUL": (_OPEN + b"\x00</epp>", "not well-formed"),
    "NUL by reference": (_OPEN + b"&#0;</epp>", "not well-formed"),
    "control character": (_OPEN + b"\x1b</epp>", "not well-formed"),
    "deep nesting": (b"<epp>" * 100_000 + b"</epp>" * 100_000, "not well-formed"),
    "attribute twice": (_OPEN + b'<response a="1" a="2"/></epp>', "not well-formed"),
    "prefix without a namespace": (_OPEN + b"<x:response/></epp>", "not well-formed"),
    "something after the root": (_OPEN + b"</epp><epp/>", "not well-formed"),
    "other root": (b'<epp xmlns="urn:other"><greeting/></epp>', "root"),
    "no menu": (_OPEN + b"<greeting/></epp>", "service menu"),
    "no result": (_OPEN + b"<response/></epp>", "no result"),
    "no code": (_OPEN + b"<response><result/></response></epp>", "four-digit"),
    "a code in other digits": (
        _OPEN + '<response><result code="\N{FULLWIDTH DIGIT ONE}000"/></response></epp>'.encode(),
        "four-digit",
    ),
    "a command": (_OPEN + b"<command/></epp>", "neither"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_with_a_reason_that_quotes_nothing(name: str) -> None:
    frame, complaint = ATTACKS[name]
    with pytest.raises(FrameError, match=complaint) as caught:
        read_frame(frame)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_frame_is_read_as_utf_8_whatever_it_declares() -> None:
    """UTF-7 and its like could hide a document type declaration."""
    frame = '<?xml version="1.0" encoding="UTF-7"?><a>+ADwAIQ-DOCTYPE é</a>'.encode()
    assert parse(frame).text == "+ADwAIQ-DOCTYPE é"


def test_a_value_is_whole_in_spite_of_comments_instructions_and_sections_within() -> None:
    """What follows a comment must not be lost: `Ann<!-- -->` is another person than `Anna`."""
    assert parse(b"<a>An<!-- x -->n<?x y?>a <![CDATA[<Muster>]]></a>").text == "Anna <Muster>"


def test_a_frame_as_long_as_the_transport_admits_is_read() -> None:
    text = "x" * (MAX_FRAME_OCTETS - 300)
    result = f'<result code="1000"><msg>{text}</msg></result>'
    frame = read_frame(f'<epp xmlns="{EPP}"><response>{result}</response></epp>'.encode())
    assert isinstance(frame, Response)
    assert frame.message == text


def test_a_count_beyond_all_reason_is_none() -> None:
    content = f'<result code="1301"/><msgQ count="{"9" * 5000}" id="1"/>'
    frame = read_frame(f'<epp xmlns="{EPP}"><response>{content}</response></epp>'.encode())
    assert isinstance(frame, Response)
    assert frame.queue is not None
    assert frame.queue.count == 0


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_octets_that_are_no_frame_are_refused_cleanly(octets: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(octets)


_TAGS = [
    *[f"{{{EPP}}}{tag}" for tag in ("response", "greeting", "result", "msg", "value", "extValue", "reason")],
    *[f"{{{EPP}}}{tag}" for tag in ("msgQ", "qDate", "resData", "trID", "svTRID", "svcMenu", "extension")],
    *[
        f"{{{CONTACT}}}{tag}"
        for tag in ("infData", "postalInfo", "disclose", "addr", "id", "crDate", "chkData")
    ],
    *[f"{{{DOMAIN}}}{tag}" for tag in ("infData", "name", "contact", "status", "trnData", "panData", "cd")],
]
_PRINTABLE = st.characters(exclude_categories=["C"])
_TEXTS = st.sampled_from(
    ["", "1000", "9999-99-99", "registrant", "0001-01-01T00:00:00+23:59", "9" * 400]
) | st.text(_PRINTABLE, max_size=5)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(["code", "count", "id", "flag", "type", "avail", "s", "paResult"]), _TEXTS, max_size=3
)


def _element(
    tag: str, text: str, attributes: dict[str, str], children: list[etree._Element]
) -> etree._Element:
    element = etree.Element(tag, attributes)
    element.text = text
    element.extend(children)
    return element


_TREES = st.recursive(
    st.builds(_element, st.sampled_from(_TAGS), _TEXTS, _ATTRIBUTES, st.just([])),
    lambda below: st.builds(
        _element, st.sampled_from(_TAGS), _TEXTS, _ATTRIBUTES, st.lists(below, max_size=4)
    ),
    max_leaves=12,
)
_QUESTIONS: list[Command[Any]] = [
    ContactInfo("H-1"),
    ContactCheck(("H-1",)),
    DomainInfo("example.org"),
    DomainTransferQuery("example.org"),
    HostInfo("ns1.example.org"),
    PollRequest(),
]


@settings(max_examples=40, deadline=None)
@given(st.lists(_TREES, max_size=4), st.lists(_TREES, max_size=4))
def test_elements_in_any_disorder_are_read_or_refused_cleanly(
    inside: list[etree._Element], data: list[etree._Element]
) -> None:
    """Lenient in: whatever stands where, nothing but a FrameError comes out of reading."""
    results = [_element(f"{{{EPP}}}result", "", {"code": "1000"}, inside)]
    content = [*results, _element(f"{{{EPP}}}resData", "", {}, data)]
    response = _element(f"{{{EPP}}}response", "", {}, content)
    frame = read_frame(etree.tostring(_element(f"{{{EPP}}}epp", "", {}, [response])))
    assert not isinstance(frame, Greeting)
    for question in _QUESTIONS:
        try:
            question.read(frame)
        except FrameError as error:
            assert "the" in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("name", COMMANDS)
def test_no_password_survives_masking(name: str) -> None:
    shown = masked(encode(COMMANDS[name], "wp-0001"))
    assert not any(secret.encode() in shown for secret in SECRETS)


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (b'<x:pw a="1">one</x:pw>', b'<x:pw a="1">***</x:pw>'),
        (b"<newPW><![CDATA[two</newPW>still two]]></newPW >", b"<newPW>***</newPW >"),
        (b"<ns.1:pw>\nthree\n</ns.1:pw><a>b</a>", b"<ns.1:pw>***</ns.1:pw><a>b</a>"),
        ("<é:pw>any script</é:pw>".encode(), "<é:pw>***</é:pw>".encode()),
        (b"<pw/><a>kept</a><pw>four</pw>", b"<pw/><a>kept</a><pw>***</pw>"),
        (b'<pw a="b" /><a>kept</a><pw>five</pw>', b'<pw a="b" /><a>kept</a><pw>***</pw>'),
        (b"<a/><pw>six and no end", b"<a/><pw>***"),
        (b"<pw><![CDATA[seven</pw> and no end", b"<pw>***"),
        (b"<pwd>kept</pwd>", b"<pwd>kept</pwd>"),
    ],
)
def test_masking_knows_every_way_to_write_a_password(frame: bytes, shown: bytes) -> None:
    assert masked(frame) == shown


@pytest.mark.parametrize("part", [b"<pw>", b"<pw", b"<p", b"<pw a=", b"<![CDATA[", b"<![CDATA[]]>", b"</pw"])
def test_masking_takes_no_longer_for_a_hostile_frame(part: bytes) -> None:
    """It would take hours, were it not linear."""
    frame = b"<pw>" + part * (MAX_FRAME_OCTETS // len(part)) + b"</pw>"
    assert len(masked(frame)) <= len(frame) + len(b"***") * frame.count(b"<pw")
