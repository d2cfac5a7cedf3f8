"""The parser against the schemas and against chance: it refuses, or it accepts what they accept."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from registries.sandbox.commands import Login, Request
from registries.sandbox.parser import parse
from registries.sandbox.protocol import EPP, Refusal, RuleBroken
from tests.registries.sandbox.wire import (
    CONTACT_BODY,
    DS_DATA,
    command,
    contact_create,
    contact_update,
    disclose,
    domain_create,
    ds_create,
    ds_update,
    login,
    on_domain,
    on_host,
    transfer,
)

_SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "epp" / "samples"
_VALID = [
    command(verb).encode()
    for verb in (
        login("registrar-a", "password-a", new_password="password-b"),
        '<poll op="ack" msgID="12"/>',
        contact_create("owner-1", CONTACT_BODY, disclose(0)),
        contact_update("owner-1", f"<contact:chg>{disclose(1)}</contact:chg>"),
        domain_create(
            "a.test",
            '<domain:period unit="y">2</domain:period><domain:registrant>owner-1</domain:registrant>',
        ),
        on_domain("update", "a.test", '<domain:add><domain:status s="clientHold"/></domain:add>'),
        on_domain("renew", "a.test", "<domain:curExpDate>2026-01-31</domain:curExpDate>"),
        transfer("request", "domain", "a.test", secret="secret"),
        transfer("query", "contact", "owner-1", secret="secret"),
        on_host("create", "ns1.a.test", '<host:addr ip="v6">2001:db8::1</host:addr>'),
        on_host(
            "update",
            "ns1.a.test",
            '<host:add><host:addr>192.0.2.1</host:addr><host:status s="clientDeleteProhibited"/></host:add>'
            "<host:chg><host:name>ns2.a.test</host:name></host:chg>",
        ),
        on_host("delete", "ns1.a.test"),
        domain_create("a.test") + ds_create(DS_DATA),
        on_domain("update", "a.test") + ds_update(f"<secDNS:rem>{DS_DATA}</secDNS:rem>"),
    )
]
# Pieces that turn one command into another that is nearly right.
_PIECES = [
    *(
        "<",
        ">",
        "/",
        "&",
        '"',
        "'",
        " ",
        "\n",
        "\x00",
        "é",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x?>",
        "&#0;",
    ),
    *(
        "<!DOCTYPE a>",
        "&lt;",
        "<contact:id>",
        "</contact:id>",
        "<contact:email/>",
        "int",
        "loc",
        "0",
        "99999",
    ),
    *('op="approve"', 'op="x"', "<host:addr/>", "<domain:period>", "host:", "delete", "192.0.2.1", "::"),
    *('type="int"', 'lang="en"', 'xmlns="urn:x"', "domain:", "contact:", "update", "create", "+1.2", "-"),
    *("secDNS:", "<secDNS:all>true</secDNS:all>", 'urgent="1"', "keyData", "256", "AF"),
]


@st.composite
def _mutations(draw: st.DrawFn) -> bytes:
    frame = draw(st.sampled_from(_VALID))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(frame)))
        stop = min(len(frame), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from(_PIECES).map(str.encode) | st.binary(max_size=6))
        frame = frame[:start] + piece + frame[stop:]
    return frame


# Values at the bounds of the schemas' types, and such as only look like others.
_VALUES = [
    *("", " ", "1.0", "0", "1", "99", "100", "+5", "005", "y", "true", "2026-02-30", "-2026-01-31", "ok"),
    *("aa", " aaa ", "a" * 16, "a" * 17, "a" * 64, "a" * 65, "a" * 255, "a" * 256, "a  a", "a\ta", "\u00a0a"),
    *("CH", "ch", "CHE", "+1.5", "+1234.5", "+1.", "a@b", "ns.a.test", "NS.A.TEST.", "::1", "clientHold"),
]


@st.composite
def _refilled(draw: st.DrawFn) -> bytes:
    """Return a good command in which a few texts and attributes are others; half of them are valid."""
    root = etree.fromstring(draw(st.sampled_from(_VALID)))
    leaves = [node for node in root.iter() if len(node) == 0]
    values = st.sampled_from(_VALUES) | st.text("aA0.+-@: \té", max_size=20)
    for node in draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=2)):
        if node.attrib and draw(st.booleans()):
            node.set(draw(st.sampled_from(sorted(map(str, node.attrib)))), draw(values))
        else:
            node.text = draw(values)
    return etree.tostring(root)


def _accepted(payload: bytes) -> bool:
    try:
        parsed = parse(payload)
    except Refusal:
        return False
    # A login of another version is understood, so that it can be told so: 2100.
    if isinstance(parsed, Request) and isinstance(parsed.command, Login):
        return parsed.command.version == "1.0"
    return True


def _valid_by_schema(schema: etree.XMLSchema, payload: bytes) -> bool:
    try:
        return schema.validate(etree.fromstring(payload))
    except etree.XMLSyntaxError:
        return False


def _refused_as_invalid(payload: bytes) -> bool:
    """Return whether the parser refuses a frame for what the schemas say, not by a rule beyond them."""
    try:
        parse(payload)
    except RuleBroken:
        return False
    except Refusal:
        return True
    return False


@pytest.mark.parametrize("payload", _VALID)
def test_the_commands_that_are_mutated_here_are_good(payload: bytes) -> None:
    assert _accepted(payload)


@settings(deadline=None, max_examples=300)
@given(_mutations() | _refilled())
def test_the_parser_and_the_schemas_judge_a_mutated_command_alike(
    schema: etree.XMLSchema, payload: bytes
) -> None:
    if _valid_by_schema(schema, payload):
        assert not _refused_as_invalid(payload)
    else:
        assert not _accepted(payload)


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_garbage_is_refused(payload: bytes) -> None:
    assert not _accepted(payload)


# Why a valid request is refused all the same: what this registry does not have, what the RFCs say in words.
_RULES = (
    (2001, "does not belong to the command"),
    (2102, "another kind than pw|secDNS:maxSigLife|urgent changes"),
    (2103, "no extension but secDNS-1.1"),
    (2307, "this registry does not have"),
    (2003, "has no attribute type|has nothing in|needs the attribute msgID"),
    (2004, "of one machine"),
    (2005, "ASCII labels|stands for none|must be in ASCII|of a country|twice|is empty"),
    (2306, "takes secDNS:dsData"),
)


@pytest.mark.skipif(not _SAMPLES.is_dir(), reason=f"the samples are not at {_SAMPLES}")
def test_the_requests_of_other_registries_are_accepted_when_they_are_valid_and_only_then(
    schema: etree.XMLSchema,
) -> None:
    requests = {sample.name: sample.read_bytes() for sample in sorted(_SAMPLES.rglob("*.xml"))}
    requests = {name: payload for name, payload in requests.items() if _is_request(payload)}
    accepted = {name for name, payload in requests.items() if _accepted(payload)}
    for name, payload in requests.items():
        valid = _valid_by_schema(schema, payload)
        assert valid or name not in accepted, name
        assert name in accepted or not valid or _is_against_a_rule(payload), name
    assert len(accepted) > 250


def _is_against_a_rule(payload: bytes) -> bool:
    with pytest.raises(RuleBroken) as refused:
        parse(payload)
    reason = refused.value.reason
    return any(refused.value.code == code and re.search(words, reason) for code, words in _RULES)


def _is_request(payload: bytes) -> bool:
    try:
        root = etree.fromstring(payload)
    except etree.XMLSyntaxError:
        return False
    return bool(root.xpath("self::e:epp[e:command or e:hello]", namespaces={"e": EPP}))
