"""Every quirk does what its one line says; each has a test here or beside what it spoils."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from registries.sandbox.framing import spoilt
from registries.sandbox.quirks import PROFILES, QUIRKS, Place
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Limits, Quirk
from tests.registries.sandbox.conftest import Connect, Start
from tests.registries.sandbox.wire import (
    ACCOUNTS,
    CONTACT_BODY,
    NAMESPACES,
    RawClient,
    command,
    contact_create,
    contact_update,
    disclose,
    domain_create,
    frame,
    login,
    on_contact,
    on_domain,
)

_HOWTO = Path(__file__).parents[3] / "docs" / "howto" / "sandbox-registry.md"
_LOST = (asyncio.IncompleteReadError, OSError, ssl.SSLError)
_CHECK = on_domain("check", "a.test")
_DOMAINS_ONLY = (NAMESPACES["domain"],)

Open = Callable[..., Awaitable[RawClient]]


@pytest.fixture
async def opened(start: Start, connect: Connect) -> AsyncIterator[Open]:
    """Start a registry with quirks and connect to it, logged in."""
    sessions: list[RawClient] = []

    async def begin(*quirks: Quirk, limits: Limits | None = None) -> RawClient:
        session = connect(await start(quirks=quirks, limits=limits))
        sessions.append(await session.__aenter__())
        assert (await session.login()).code == 1000
        return session

    yield begin
    for session in sessions:
        await session.__aexit__(None, None, None)


async def _raw_answer(session: RawClient, verb: str) -> tuple[int, bytes]:
    """Return the length that the header says, and what follows it."""
    await session.send_octets(frame(command(verb)))
    size = int.from_bytes(await session.reader.readexactly(4), "big")
    return size, await session.reader.read(65536)


def test_every_quirk_has_a_place_and_a_line_in_the_howto() -> None:
    assert set(QUIRKS) == set(Quirk)
    howto = _HOWTO.read_text(encoding="utf-8")
    for quirk, (place, does) in QUIRKS.items():
        assert f"| `{quirk}` | {place} | {does} |" in howto
    for name, quirks in PROFILES.items():
        assert f"| `{name}` | {', '.join(f'`{quirk}`' for quirk in sorted(quirks))} |" in howto


async def test_a_disclose_makes_public_what_it_does_not_name(opened: Open) -> None:
    session = await opened(Quirk.DISCLOSE_UNNAMED_PUBLIC)
    await session.succeed(contact_create("owner-1", CONTACT_BODY, disclose(0)))
    email = "<contact:chg><contact:email>new@home.example</contact:email></contact:chg>"
    await session.succeed(contact_update("owner-1", email))
    read = await session.succeed(on_contact("info", "owner-1"))
    assert len(read.names("//contact:disclose[@flag='0']/*")) == 6
    partial = f"<contact:chg>{disclose(0, '<contact:email/>')}</contact:chg>"
    await session.succeed(contact_update("owner-1", partial))
    read = await session.succeed(on_contact("info", "owner-1"))
    assert read.names("//contact:disclose[@flag='0']/*") == ["email"]


async def test_an_untyped_disclose_is_taken_and_sent(opened: Open) -> None:
    session = await opened(Quirk.DISCLOSE_UNTYPED)
    hidden = disclose(0, "<contact:addr/><contact:email/>")
    await session.succeed(contact_create("owner-1", CONTACT_BODY, hidden))
    _, answer = await _raw_answer(session, on_contact("info", "owner-1"))
    found = etree.fromstring(answer).find(f".//{{{NAMESPACES['contact']}}}disclose")
    assert found is not None
    assert [(etree.QName(child).localname, dict(child.attrib)) for child in found] == [
        ("addr", {}),
        ("email", {}),
    ]


async def test_an_untyped_disclose_is_taken_after_a_pending_time_too(opened: Open) -> None:
    session = await opened(Quirk.DISCLOSE_UNTYPED, Quirk.PENDING)
    assert (await session.command(contact_create("owner-1"))).code == 1001
    change = f"<contact:chg>{disclose(0, '<contact:addr/>')}</contact:chg>"
    assert (await session.command(contact_update("owner-1", change))).code == 1001
    _, answer = await _raw_answer(session, on_contact("info", "owner-1"))
    assert b'<contact:disclose flag="0"><contact:addr/></contact:disclose>' in answer


async def test_a_transform_is_answered_1000_and_not_applied(opened: Open) -> None:
    session = await opened(Quirk.NOT_APPLIED)
    await session.succeed(contact_create("owner-1"))
    assert (await session.command(on_contact("info", "owner-1"))).code == 2303


async def test_a_registry_of_the_minimum_data_set_has_no_contacts(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.MINIMUM_DATA_SET])
    async with connect(registry) as session:
        assert session.greeting.all("//epp:objURI") == [NAMESPACES["domain"], NAMESPACES["host"]]
        assert (await session.login()).code == 2307
        assert (await session.login(services=_DOMAINS_ONLY)).code == 1000
        assert (await session.command(on_contact("check", "owner-1"))).code == 2101
        assert (await session.command(domain_create("a.test"))).code == 2306
        await session.succeed(domain_create("a.test", ""))


async def test_contacts_that_are_offered_are_refused_at_login(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.CONTACTS_REFUSED])
    async with connect(registry) as session:
        assert NAMESPACES["contact"] in session.greeting.all("//epp:objURI")
        assert (await session.login()).code == 2307
        assert (await session.login(services=_DOMAINS_ONLY)).code == 1000
        assert (await session.command(on_contact("check", "owner-1"))).code == 2307


async def test_pipelined_commands_are_answered_in_another_order(opened: Open) -> None:
    session = await opened(Quirk.OUT_OF_ORDER)
    sent = b"".join(frame(command(_CHECK, f"client-{number}")) for number in range(5))
    await session.send_octets(sent)
    told = [(await session.receive()).all("//epp:clTRID")[0] for _ in range(5)]
    assert told == ["client-0", "client-1", "client-4", "client-3", "client-2"]
    await session.succeed(_CHECK)


async def test_the_connection_is_closed_after_2101(opened: Open) -> None:
    session = await opened(Quirk.CLOSE_AFTER_2101)
    assert (await session.command(on_contact("renew", "owner-1"))).code == 2101
    assert await session.is_closed()


async def test_a_repeated_transaction_cuts_the_connection_for_ever(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.DROP_REPEATED])
    async with connect(registry) as session:
        assert (await session.command(_login(), "client-login-1")).code == 1000
        assert (await session.command(_CHECK, "client-check-1")).code == 1000
    async with connect(registry) as session:
        assert (await session.command(_login("registrar-b"), "client-login-2")).code == 1000
        with pytest.raises(_LOST):
            await session.command(_CHECK, "client-check-1")
    assert [entry.client_transaction for entry in await registry.journal()] == [
        "client-login-1",
        "client-check-1",
        "client-login-2",
    ]


def _login(account: str = "registrar-a") -> str:
    return login(account, ACCOUNTS[account])


async def test_a_session_ends_with_its_last_command(opened: Open) -> None:
    session = await opened(Quirk.COMMAND_CAP, limits=Limits(max_commands=2))
    for _ in range(2):
        await session.succeed(_CHECK)
    assert (await session.command(_CHECK)).code == 2502
    assert await session.is_closed()


async def test_errors_are_held_back_and_successes_are_not(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.ERROR_DELAY])
    assert registry.faults.error_delay_s == 3.0
    registry.faults.error_delay_s = 3600.0
    async with connect(registry) as session:
        assert (await session.login()).code == 1000
        await session.succeed(_CHECK)
        await session.send_octets(frame(command(on_domain("info", "a.test"))))
        waiting = asyncio.ensure_future(session.receive())
        async with connect(registry) as other:
            assert (await other.login("registrar-b")).code == 1000
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_answers_have_the_identifier_of_no_command(opened: Open) -> None:
    session = await opened(Quirk.CLTRID_MISMATCH)
    assert (await session.command(_CHECK, "a" * 64)).all("//epp:clTRID") == ["not-" + "a" * 60]


def _always(registry: SandboxRegistry) -> None:
    faults = registry.faults
    faults.failure_share = float(bool(faults.failure_share))
    faults.close_share = float(bool(faults.close_share))
    faults.disconnect_share = 2.0 * bool(faults.disconnect_share)


async def test_a_command_may_fail_by_chance_and_is_not_carried_out(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.FAIL_AT_RANDOM])
    async with connect(registry) as session:
        assert (await session.login()).code == 1000
        _always(registry)
        assert (await session.command(contact_create("owner-1"))).code == 2400
        registry.faults.failure_share = 0.0
        assert (await session.command(on_contact("info", "owner-1"))).code == 2303


async def test_a_connection_may_be_closed_after_any_answer(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.CLOSE_AT_RANDOM])
    _always(registry)
    async with connect(registry) as session:
        assert (await session.login()).code == 1000
        await session.succeed(_CHECK)
        assert await session.is_closed()


async def test_a_connection_may_be_cut_at_any_command(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.DISCONNECT_AT_RANDOM])
    async with connect(registry) as session:
        assert registry.faults.disconnect_share == 0.05
        _always(registry)
        with pytest.raises(_LOST):
            await session.login()


async def test_a_header_in_two_segments_is_a_frame_like_any(opened: Open) -> None:
    session = await opened(Quirk.SPLIT_HEADER)
    await session.succeed(_CHECK)


async def test_half_a_frame_is_followed_by_the_end(opened: Open) -> None:
    session = await opened(Quirk.TRUNCATED_FRAME)
    with pytest.raises(asyncio.IncompleteReadError) as broken:
        await session.command(_CHECK)
    assert broken.value.partial


async def test_an_oversize_length_is_said(opened: Open) -> None:
    session = await opened(Quirk.OVERSIZE_LENGTH)
    size, answer = await _raw_answer(session, _CHECK)
    assert size == 2**31 - 1
    assert answer.endswith(b"</epp>")


async def test_an_answer_has_a_doctype(opened: Open) -> None:
    session = await opened(Quirk.DOCTYPE)
    size, answer = await _raw_answer(session, _CHECK)
    assert size == len(answer) + 4
    assert etree.tostring(etree.fromstring(answer).getroottree()).startswith(b"<!DOCTYPE epp ")


async def test_only_a_share_of_the_answers_is_spoilt_when_told_so(start: Start, connect: Connect) -> None:
    registry = await start(quirks=[Quirk.TRUNCATED_FRAME])
    registry.faults.wire_share = 0.0
    async with connect(registry) as session:
        assert (await session.login()).code == 1000
        await session.succeed(_CHECK)


@given(
    st.binary(max_size=300),
    st.sets(st.sampled_from([quirk for quirk in Quirk if QUIRKS[quirk][0] is not Place.WIRE])),
)
def test_quirks_of_other_places_leave_the_octets_alone(payload: bytes, quirks: set[Quirk]) -> None:
    assert spoilt(payload, quirks) == [frame(payload)]


@given(st.binary(max_size=300))
def test_a_split_header_is_the_same_octets(payload: bytes) -> None:
    first, rest = spoilt(payload, {Quirk.SPLIT_HEADER})
    assert len(first) == 2
    assert first + rest == frame(payload)
