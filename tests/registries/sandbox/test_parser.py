"""The parser against the schemas and against chance: it refuses, or it accepts what they accept."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from registries.sandbox.commands import Login, Request
from registries.sandbox.parser import parse
from registries.sandbox.protocol import Refusal
from tests.registries.sandbox.wire import (
    CONTACT_BODY,
    command,
    contact_create,
    contact_update,
    disclose,
    domain_create,
    login,
    on_domain,
)

_SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "epp" / "samples" / "nomulus"
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
    *('type="int"', 'lang="en"', 'xmlns="urn:x"', "domain:", "contact:", "update", "create", "+1.2", "-"),
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


def _accepted(payload: bytes) -> bool:
    try:
        parsed = parse(payload)
    except Refusal:
        return False
    # A login of another version is understood, so that it can be told so: 2100.
    if isinstance(parsed, Request) and isinstance(parsed.command, Login):
        return parsed.command.version == "1.0"
    return True


@pytest.mark.parametrize("payload", _VALID)
def test_the_commands_that_are_mutated_here_are_good(payload: bytes) -> None:
    assert _accepted(payload)


@settings(deadline=None)
@given(_mutations())
def test_a_mutated_command_is_refused_or_is_valid_by_the_schemas(
    schema: etree.XMLSchema, payload: bytes
) -> None:
    if _accepted(payload):
        schema.assertValid(etree.fromstring(payload))


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_garbage_is_refused(payload: bytes) -> None:
    assert not _accepted(payload)


@pytest.mark.skipif(not _SAMPLES.is_dir(), reason=f"the samples are not at {_SAMPLES}")
def test_of_the_commands_of_another_registry_we_accept_only_such_as_the_schemas_do(
    schema: etree.XMLSchema,
) -> None:
    accepted = 0
    for sample in sorted(_SAMPLES.glob("*.xml")):
        payload = sample.read_bytes()
        if _accepted(payload):
            schema.assertValid(etree.fromstring(payload))
            accepted += 1
    assert accepted > 50
