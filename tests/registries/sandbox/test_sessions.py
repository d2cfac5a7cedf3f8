"""Sessions: greeting, hello, login, logout, limits; and peers that misbehave on the wire."""

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import DataModel, Limits, Tld
from tests.registries.sandbox.conftest import Connect, Start
from tests.registries.sandbox.wire import NAMESPACES, RawClient, command, frame, login, on_contact, on_domain

_HELLO = f'<epp xmlns="{NAMESPACES["epp"]}"><hello/></epp>'


async def test_the_greeting_names_the_services_and_hello_brings_it_again(
    registry: SandboxRegistry, connect: Connect
) -> None:
    async with connect(registry) as session:
        first = session.greeting.all("//epp:objURI")
        assert first == [NAMESPACES["contact"], NAMESPACES["domain"], NAMESPACES["host"]]
        again = await session.ask(_HELLO)
        assert again.all("//epp:objURI") == first


async def test_nothing_but_login_is_done_before_login(registry: SandboxRegistry, connect: Connect) -> None:
    async with connect(registry) as session:
        for verb in ('<poll op="req"/>', "<logout/>", on_domain("check", "a.test")):
            assert (await session.command(verb)).code == 2002
        assert (await session.login()).code == 1000
        assert (await session.login()).code == 2002


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (login("registrar-a", "password-b"), 2200),
        (login("nobody-here", "password-a"), 2200),
        (login("registrar-a", "password-a", version="2.0"), 2100),
        (login("registrar-a", "password-a", lang="fr"), 2102),
        (login("registrar-a", "password-a", services=("urn:ietf:params:xml:ns:org-1.0",)), 2307),
        (login("registrar-a", "password-a", extension="urn:ietf:params:xml:ns:rgp-1.0"), 2103),
        (login("ab", "password-a"), 2005),
        (login("registrar-a", "short"), 2005),
        (login("registrar-a", "password-that-is-long"), 2005),
        (login("registrar-a", "password-a", version="one"), 2005),
        (login("registrar-a", "password-a", services=("no uri",)), 2005),
        (login("registrar-a", "password-a").replace("<pw>password-a</pw>", ""), 2003),
    ],
)
async def test_a_login_that_is_wrong_is_refused_and_the_connection_stays(
    registry: SandboxRegistry, connect: Connect, verb: str, code: int
) -> None:
    async with connect(registry) as session:
        assert (await session.command(verb)).code == code
        assert (await session.login()).code == 1000


async def test_after_too_many_failed_logins_the_connection_is_closed(
    registry: SandboxRegistry, connect: Connect
) -> None:
    async with connect(registry) as session:
        for _ in range(3):
            assert (await session.command(login("registrar-a", "password-x"))).code == 2200
        assert (await session.login()).code == 2501
        assert await session.is_closed()


async def test_logout_ends_the_session(client: RawClient) -> None:
    assert (await client.command("<logout/>")).code == 1500
    assert await client.is_closed()


async def test_a_new_password_replaces_the_old_one(registry: SandboxRegistry, connect: Connect) -> None:
    async with connect(registry) as session:
        changed = await session.command(login("registrar-a", "password-a", new_password="password-n"))
        assert changed.code == 1000
    async with connect(registry) as session:
        assert (await session.login()).code == 2200
        assert (await session.command(login("registrar-a", "password-n"))).code == 1000


async def test_an_account_has_as_many_sessions_as_it_may_and_gets_places_back(
    start: Start, connect: Connect
) -> None:
    registry = await start(limits=Limits(max_sessions=1))
    async with connect(registry) as first:
        assert (await first.login()).code == 1000
        async with connect(registry) as other:
            assert (await other.login("registrar-b")).code == 1000
        async with connect(registry) as second:
            assert (await second.login()).code == 2502
            assert await second.is_closed()
        assert (await first.command("<logout/>")).code == 1500
        assert await first.is_closed()
    async with connect(registry) as third:
        assert (await third.login()).code == 1000


async def test_a_failed_login_takes_no_place(start: Start, connect: Connect) -> None:
    registry = await start(limits=Limits(max_sessions=1))
    async with connect(registry) as first, connect(registry) as second:
        assert (await first.command(login("registrar-a", "password-x"))).code == 2200
        assert (await second.login()).code == 1000


async def test_a_registry_without_contacts_does_not_offer_them(start: Start, connect: Connect) -> None:
    registry = await start(tlds=[Tld("thin", data_model=DataModel.MINIMUM, required=())])
    async with connect(registry) as session:
        assert session.greeting.all("//epp:objURI") == [NAMESPACES["domain"], NAMESPACES["host"]]
        assert (await session.login()).code == 2307
        assert (await session.login(services=(NAMESPACES["domain"],))).code == 1000
        assert (await session.command(on_contact("check", "owner-1"))).code == 2307
        assert (
            await session.command("<check><host:check><host:name>a.b</host:name></host:check></check>")
        ).code == 2002


async def test_every_answer_has_a_transaction_identifier_of_its_own(client: RawClient) -> None:
    replies = [await client.command(on_domain("check", "a.test")) for _ in range(5)]
    assert len({reply.all("//epp:svTRID")[0] for reply in replies}) == 5
    assert {reply.all("//epp:clTRID")[0] for reply in replies} == {"client-1"}


async def test_pipelined_commands_are_answered_in_order(client: RawClient) -> None:
    sent = [f"client-{number}" for number in range(20)]
    await client.send_octets(b"".join(frame(command(on_domain("check", "a.test"), trid)) for trid in sent))
    assert [(await client.receive()).all("//epp:clTRID")[0] for _ in sent] == sent


async def test_a_frame_may_arrive_octet_by_octet(client: RawClient) -> None:
    for octet in frame(command(on_domain("check", "a.test"))):
        await client.send_octets(bytes([octet]))
    assert (await client.receive()).code == 1000


@pytest.mark.parametrize("header", [b"\x00\x00\x00\x00", b"\x00\x00\x00\x03", b"\x00\x10\x00\x01", b"GET "])
async def test_an_impossible_length_is_answered_and_the_connection_closed(
    client: RawClient, header: bytes
) -> None:
    await client.send_octets(header + b"x" * 3000)
    assert (await client.receive()).code == 2500


async def test_a_frame_that_does_not_end_is_answered_and_closed(start: Start, connect: Connect) -> None:
    registry = await start(limits=replace(Limits(), read_s=0.05, linger_s=0.05))
    async with connect(registry) as session:
        await session.send_octets(frame(_HELLO)[:-1])
        assert (await session.receive()).code == 2500
        assert await session.is_closed()


async def test_an_idle_connection_is_closed_without_a_word(start: Start, connect: Connect) -> None:
    registry = await start(limits=replace(Limits(), idle_s=0.05))
    async with connect(registry) as session:
        assert await session.is_closed()


@pytest.mark.parametrize("octets", [b"", b"\x00", b"\x00\x00\x01", frame(_HELLO)[:9]])
async def test_a_peer_that_leaves_in_the_middle_harms_nobody(
    registry: SandboxRegistry, connect: Connect, octets: bytes
) -> None:
    async with connect(registry) as session:
        await session.send_octets(octets)
    async with connect(registry) as session:
        assert (await session.login()).code == 1000


async def test_a_peer_without_tls_gets_nothing(registry: SandboxRegistry) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", registry.port)
    writer.write(frame(_HELLO))
    try:
        answer = await reader.read()
    except ConnectionError:
        answer = b""
    writer.close()
    assert b"epp" not in answer


async def test_a_certificate_of_another_authority_is_not_accepted(
    registry: SandboxRegistry, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = CertificateAuthority(tmp_path_factory.mktemp("other"))
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("localhost", registry.port, ssl=other.client_context())


async def test_too_many_connections_are_turned_away(start: Start, connect: Connect) -> None:
    registry = await start(limits=Limits(max_connections=1))
    async with connect(registry) as session:
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            async with connect(registry):
                pass
        assert (await session.login()).code == 1000


async def test_a_registry_stops_while_sessions_are_open(start: Start, connect: Connect) -> None:
    registry = await start()
    async with connect(registry) as session:
        assert (await session.login()).code == 1000
        await registry.__aexit__()
        assert await session.is_closed()


async def test_an_account_that_asks_too_much_in_a_minute_is_told_when_to_come_back(
    start: Start, connect: Connect
) -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    registry = await start(clock=lambda: now[0], limits=Limits(max_commands_a_minute=3))
    check = on_domain("check", "a.test")
    async with connect(registry) as first, connect(registry) as second, connect(registry) as other:
        assert [(await session.login()).code for session in (first, second)] == [1000, 1000]
        assert (await other.login("registrar-b")).code == 1000
        await first.succeed(check)
        now[0] += timedelta(seconds=20)
        await first.succeed(check)
        await second.succeed(check)
        refused = await second.command(check)
        assert refused.code == 2502
        assert "come back in 41 seconds" in refused.message
        assert await second.is_closed()
        await other.succeed(check)
        now[0] += timedelta(seconds=41)
        await first.succeed(check)
        assert (await first.command(check)).code == 2502
