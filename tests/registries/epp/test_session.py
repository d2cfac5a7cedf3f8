"""A session survives what is in order and dies of everything else, without hanging or guessing."""

import asyncio
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from registries.epp.frames import ContactCheck, ContactDelete, DomainInfo, Logout, PollAck, PollRequest
from registries.epp.frames.session import PollMessage
from registries.epp.session import Session, new_transaction_id
from registries.epp.transport import MAX_FRAME_OCTETS, Deadlines, client_tls
from registries.errors import OutcomeUnknown, RegistryRefused, RegistryUnavailable
from registries.sandbox.authority import CertificateAuthority
from tests.registries.epp.peer import GREETING, Connection, response, scripted_registry, transaction_of

CHECK, DELETE = ContactCheck(("WP-1",)), ContactDelete("WP-1")
CHECKED = (
    b'<contact:chkData xmlns:contact="urn:ietf:params:xml:ns:contact-1.0"><contact:cd>'
    b'<contact:id avail="0">WP-1</contact:id><contact:reason>In use</contact:reason></contact:cd>'
    b"</contact:chkData>"
)


async def test_login_mirrors_the_services_of_the_greeting(tmp_path: Path) -> None:
    logins: list[bytes] = []

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        logins.extend(connection.received)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        await session.close()
    assert session.greeting.server_id == "Scripted"
    assert logins[0].count(b"<objURI>") == 2
    assert b"<objURI>urn:ietf:params:xml:ns:contact-1.0</objURI>" in logins[0]


async def test_a_login_refused_because_of_contacts_is_repeated_without_them(tmp_path: Path) -> None:
    """Registries with a minimum data set do that; the session then knows it."""
    again: list[bytes] = []

    async def refuses(connection: Connection) -> None:
        await connection.send(GREETING)
        await connection.answer(2307)

    async def accepts(connection: Connection) -> None:
        await connection.accept_login()
        again.extend(connection.received)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, refuses, accepts) as account:
        session = await Session.open(account)
        assert not session.holds_contacts
        await session.close()
    assert b"contact-1.0" not in again[0]


async def test_a_frame_cut_anywhere_is_put_together(tmp_path: Path) -> None:
    """Even the four octets of the length arrive in pieces."""

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        frame = response(1000, CHECKED, transaction_of(await connection.receive()))
        octets = struct.pack("!I", len(frame) + 4) + frame
        for piece in (octets[:1], octets[1:3], octets[3:10], octets[10:]):
            await connection.send_raw(piece)
            await asyncio.sleep(0)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        answer = await session.send(CHECK)
        await session.close()
    assert not answer.data["WP-1"].available
    assert answer.data["WP-1"].reason == "In use"


Misbehaviour = Callable[[Connection], Awaitable[None]]


async def _closes(connection: Connection) -> None:
    await connection.receive()


async def _answers_another(connection: Connection) -> None:
    await connection.answer(1000, CHECKED, transaction=b"somebody-else")


async def _answers_nobody(connection: Connection) -> None:
    await connection.receive()
    await connection.send(response(1000, CHECKED))


async def _greets_again(connection: Connection) -> None:
    await connection.receive()
    await connection.send(GREETING)


async def _is_oversize(connection: Connection) -> None:
    await connection.receive()
    await connection.send_raw(struct.pack("!I", MAX_FRAME_OCTETS + 1))
    await connection.until_closed()


async def _is_shorter_than_its_header(connection: Connection) -> None:
    await connection.receive()
    await connection.send_raw(struct.pack("!I", 4))
    await connection.until_closed()


async def _is_truncated(connection: Connection) -> None:
    await connection.receive()
    await connection.send_raw(struct.pack("!I", 1000) + b"<epp")


async def _sends_a_doctype(connection: Connection) -> None:
    frame = await connection.receive()
    await connection.send(b"<!DOCTYPE epp>" + response(1000, CHECKED, transaction_of(frame)))
    await connection.until_closed()


async def _sends_latin_1(connection: Connection) -> None:
    frame = await connection.receive()
    await connection.send(response(1000, CHECKED, transaction_of(frame), message=b"termin\xe9"))
    await connection.until_closed()


async def _sends_garbage(connection: Connection) -> None:
    await connection.receive()
    await connection.send(b"\x00\x01\x02 no XML at all")
    await connection.until_closed()


MISBEHAVIOURS = [
    _closes,
    _answers_another,
    _answers_nobody,
    _greets_again,
    _is_oversize,
    _is_shorter_than_its_header,
    _is_truncated,
    _sends_a_doctype,
    _sends_latin_1,
    _sends_garbage,
]


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
async def test_after_a_broken_answer_a_read_may_be_repeated_elsewhere(
    tmp_path: Path, misbehaviour: Misbehaviour
) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await misbehaviour(connection)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        with pytest.raises(RegistryUnavailable):
            await session.send(CHECK)
        assert not session.usable
        with pytest.raises(RegistryUnavailable, match="dead"):
            await session.send(CHECK)
        await session.close()


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
async def test_after_a_broken_answer_the_outcome_of_a_change_is_unknown(
    tmp_path: Path, misbehaviour: Misbehaviour
) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await misbehaviour(connection)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        with pytest.raises(OutcomeUnknown):
            await session.send(DELETE)
        assert not session.usable
        await session.close()


async def test_no_answer_in_time_kills_the_session(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        impatient = replace(account, deadlines=Deadlines(answer_s=0.2))
        session = await Session.open(impatient)
        with pytest.raises(OutcomeUnknown, match="deadline"):
            await session.send(DELETE)
        assert not session.usable
        await session.close()


async def test_a_registry_that_does_not_answer_the_logout_does_not_hold_us_up(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(replace(account, deadlines=Deadlines(answer_s=3600, close_s=0.1)))
        await session.close()
        assert not session.usable


async def test_a_cancelled_wait_kills_the_session(tmp_path: Path) -> None:
    """The answer may still come; it must not be taken for the next command's."""
    received = asyncio.Event()

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.receive()
        received.set()
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        asking = asyncio.create_task(session.send(CHECK))
        await received.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not session.usable
        await session.close()


async def test_commands_of_several_tasks_are_in_flight_one_at_a_time(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        for _ in range(5):
            await connection.answer(1000, CHECKED)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        answers = await asyncio.gather(*(session.send(CHECK) for _ in range(5)))
        await session.close()
    assert [answer.code for answer in answers] == [1000] * 5


@pytest.mark.parametrize(
    ("code", "error", "stays"),
    [
        (2303, RegistryRefused, True),
        (2305, RegistryRefused, True),
        (2999, OutcomeUnknown, False),
        (2400, RegistryUnavailable, True),
        (2300, RegistryUnavailable, True),
        (2500, RegistryUnavailable, False),
        (2501, RegistryRefused, False),
        (2502, RegistryUnavailable, False),
        (1999, OutcomeUnknown, False),
    ],
)
async def test_a_result_code_becomes_the_error_of_the_table(
    tmp_path: Path, code: int, error: type[Exception], *, stays: bool
) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(code)
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        with pytest.raises(error):
            await session.send(DELETE)
        assert session.usable == stays
        session.abort()


async def test_the_registrys_words_stay_out_of_error_text_and_log(tmp_path: Path) -> None:
    """They may quote the registrant; only the trace has them, for the registrar."""

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        frame = await connection.receive()
        await connection.send(response(2005, b"", transaction_of(frame), message=b"Ann Muster is no name"))
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        with capture_logs() as log:
            session = await Session.open(account)
            with pytest.raises(RegistryRefused) as caught:
                await session.send(DELETE)
        session.abort()
    assert caught.value.code == 2005
    trace = caught.value.trace
    assert (trace.command, trace.server_transaction) == ("contact:delete", "S-1")
    assert trace.message == "Ann Muster is no name"
    assert "Muster" not in str(caught.value) + repr(caught.value) + repr(trace) + caught.value.reason + str(
        log
    )


async def test_the_wire_log_sees_every_frame_and_no_password(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes]] = []

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account, on_frame=lambda direction, xml: seen.append((direction, xml)))
        await session.close()
    assert [direction for direction, _ in seen] == ["received", "sent", "received", "sent", "received"]
    assert b"foo-BAR2" not in b"".join(xml for _, xml in seen)
    assert "foo-BAR2" not in repr(account)


async def test_a_syntax_error_may_come_without_our_transaction_id(tmp_path: Path) -> None:
    """A registry that could not read the command cannot repeat what was in it."""

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.receive()
        await connection.send(response(2001))
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        with pytest.raises(RegistryRefused):
            await session.send(DELETE)
        assert session.usable
        session.abort()


async def test_hello_is_answered_with_a_greeting(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.receive()
        await connection.send(GREETING)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        assert (await session.hello()).holds_contacts
        await session.close()


async def test_a_poll_message_about_a_pending_action_tells_what_became_of_it(tmp_path: Path) -> None:
    pan = (
        b'<domain:panData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0">'
        b'<domain:name paResult="1">example.org</domain:name><domain:paTRID><clTRID>wp-1</clTRID>'
        b"<svTRID>S-77</svTRID></domain:paTRID><domain:paDate>2026-01-01T00:00:00Z</domain:paDate>"
        b"</domain:panData>"
    )

    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        answer = response(1301, pan, transaction_of(await connection.receive()))
        queue = b'<msgQ count="2" id="m-1"><msg>Pending action completed</msg></msgQ>'
        await connection.send(answer.replace(b"<resData>", queue + b"<resData>"))
        await connection.answer(1000)
        await connection.answer(1300)
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        message = await session.send(PollRequest())
        await session.send(PollAck("m-1"))
        empty = await session.send(PollRequest())
        await session.send(Logout())
        assert not session.usable
        await session.close()
    assert message.data == PollMessage("m-1", "Pending action completed", "example.org", True, "S-77")  # noqa: FBT003 - paResult
    assert empty.data is None


async def test_an_answer_without_its_object_is_no_data(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1000)
        await connection.until_closed()

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        with pytest.raises(RegistryUnavailable, match="no domain"):
            await session.send(DomainInfo("example.org"))
        session.abort()


async def test_what_xml_cannot_carry_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async def registry(connection: Connection) -> None:
        await connection.accept_login()
        await connection.answer(1500)

    async with scripted_registry(tmp_path, registry) as account:
        session = await Session.open(account)
        with pytest.raises(RegistryRefused):
            await session.send(ContactDelete("WP\x00-1"))
        assert session.usable
        await session.close()


async def test_a_certificate_of_another_authority_is_not_accepted(tmp_path: Path) -> None:
    stranger = CertificateAuthority(tmp_path / "stranger")

    async with scripted_registry(tmp_path) as account:
        endpoint = replace(account.endpoint, tls=client_tls(stranger.ca_file))
        with pytest.raises(RegistryUnavailable, match="certificate"):
            await Session.open(replace(account, endpoint=endpoint))


async def test_a_certificate_for_another_name_is_not_accepted(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path) as account:
        endpoint = replace(account.endpoint, server_name="epp.registry.example")
        with pytest.raises(RegistryUnavailable, match="certificate"):
            await Session.open(replace(account, endpoint=endpoint))


async def test_a_registry_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path) as account:
        pass
    with pytest.raises(RegistryUnavailable, match="no connection"):
        await Session.open(account)


@pytest.mark.parametrize(
    "opening", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", struct.pack("!I", 30) + b"<epp>"]
)
async def test_a_peer_that_is_no_registry_is_unavailable(tmp_path: Path, opening: bytes) -> None:
    async def peer(connection: Connection) -> None:
        await connection.send_raw(opening)

    async with scripted_registry(tmp_path, peer) as account:
        with pytest.raises(RegistryUnavailable, match="no greeting"):
            await Session.open(account)


async def test_a_plaintext_peer_is_unavailable(tmp_path: Path) -> None:
    async def shout(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 this is no TLS\r\n")
        writer.close()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    async with server, scripted_registry(tmp_path) as account:
        endpoint = replace(account.endpoint, port=server.sockets[0].getsockname()[1])
        with pytest.raises(RegistryUnavailable, match="no connection"):
            await Session.open(replace(account, endpoint=endpoint))


def test_only_tls_1_2_and_later_is_spoken(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    own = authority.issue("client")
    context = client_tls(authority.ca_file, own.cert_file, own.key_file)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_transaction_ids_are_unique_and_short_enough() -> None:
    """RFC 5730 trIDStringType: 3 to 64 characters."""
    made = {new_transaction_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(3 <= len(each) <= 64 for each in made)
