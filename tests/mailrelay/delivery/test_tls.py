"""What is demanded of connections, and what happens when a server does not give it."""

import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.delivery.opening import Login
from mailrelay.delivery.refusals import HostUnavailable
from mailrelay.delivery.tls_policy import OPPORTUNISTIC, Contexts, Demand, PolicyKind, TlsPolicy
from mailrelay.delivery.tls_report import Counts
from mailrelay.dns import Tlsa
from tests.mailrelay.delivery.certificates import Issued, authority, issued
from tests.mailrelay.delivery.scripted_server import ScriptedServer
from tests.mailrelay.delivery.sending import NOON, Sending, make_sending

AUTHORITY = authority()
SERVER = issued(AUTHORITY, "localhost")
VERIFIED = TlsPolicy(Demand.VERIFIED, PolicyKind.STS)
TESTING = TlsPolicy(Demand.TESTING, PolicyKind.STS)
ENCRYPTED = TlsPolicy(Demand.ENCRYPTED, PolicyKind.TLSA)


def dane(*records: Tlsa, names: tuple[str, ...] = ("localhost",)) -> TlsPolicy:
    return TlsPolicy(Demand.DANE, PolicyKind.TLSA, tlsa=records, names=names)


def tlsa(of: Issued, usage: int, selector: int = 1, matching_type: int = 1) -> Tlsa:
    selected = of.key_der if selector else of.der
    match matching_type:
        case 0:
            return Tlsa(usage, selector, 0, selected)
        case 1:
            return Tlsa(usage, selector, 1, hashlib.sha256(selected).digest())
        case _:
            return Tlsa(usage, selector, 2, hashlib.sha512(selected).digest())


@asynccontextmanager
async def tls_server(folder: Path, shown: Issued = SERVER, **kinds: bool) -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(shown.server_context(folder), **kinds) as server:
        if not kinds:
            server.offer("PIPELINING", "8BITMIME", "STARTTLS")
        yield server


@pytest.fixture
async def sending() -> AsyncIterator[Sending]:
    made = make_sending(contexts=Contexts(AUTHORITY.trusting_context()))
    yield made
    await made.client.close()


def _counts(sending: Sending) -> list[tuple[str, int, dict[str, int]]]:
    counted = sending.reports.take().get(NOON.date(), Counts())
    found: dict[str, dict[str, int]] = {}
    for (_, policy, result), count in sorted(counted.items()):
        found.setdefault(policy, {})[result] = count
    return [(policy, results.pop("success", 0), results) for policy, results in found.items()]


@pytest.mark.parametrize("policy", [OPPORTUNISTIC, VERIFIED, TESTING, ENCRYPTED, dane(tlsa(SERVER, 3))])
async def test_a_good_server_gets_the_message_encrypted(
    tmp_path: Path, sending: Sending, policy: TlsPolicy
) -> None:
    async with tls_server(tmp_path) as server:
        accepted = await sending.send(server.port, tls=policy)

        assert (server.sessions[0].tls, len(server.messages)) == (True, 1)
        assert server.sessions[0].verbs == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA"]
    assert accepted.tls == policy.demand.value
    assert _counts(sending) == [(policy.kind.value, 1, {})]


@pytest.mark.parametrize(
    ("policy", "arrives"),
    [
        (OPPORTUNISTIC, True),
        (TESTING, True),
        (VERIFIED, False),
        (ENCRYPTED, False),
        (dane(tlsa(SERVER, 3)), False),
    ],
)
@pytest.mark.parametrize("fault", ["not-offered", "refused"])
async def test_without_starttls_mail_goes_in_clear_where_nothing_more_was_promised(
    tmp_path: Path, sending: Sending, fault: str, policy: TlsPolicy, *, arrives: bool
) -> None:
    async with tls_server(tmp_path) as server:
        if fault == "refused":
            server.always("STARTTLS", "454 4.7.0 not now")
        else:
            server.offer("PIPELINING", "8BITMIME")
        if arrives:
            assert (await sending.send(server.port, tls=policy)).tls == "none"
        else:
            with pytest.raises(HostUnavailable, match="tls-starttls-not-supported"):
                await sending.send(server.port, tls=policy)
        assert len(server.messages) == arrives
    assert _counts(sending) == [(policy.kind.value, 0, {"starttls-not-supported": 1})]


@pytest.mark.parametrize(
    ("shown", "result"),
    [
        (issued(authority("another"), "localhost"), "certificate-not-trusted"),
        (issued(AUTHORITY, "other.example"), "certificate-host-mismatch"),
        (issued(AUTHORITY, "localhost", valid_for=timedelta(days=-1)), "certificate-expired"),
    ],
)
async def test_a_wrong_certificate_stops_enforced_mail_and_no_other(
    tmp_path: Path, sending: Sending, shown: Issued, result: str
) -> None:
    async with tls_server(tmp_path, shown) as server:
        with pytest.raises(HostUnavailable, match=f"tls-{result}"):
            await sending.send(server.port, tls=VERIFIED)
        assert server.messages == []
        assert _counts(sending) == [("sts", 0, {result: 1})]

        await sending.send(server.port, tls=TESTING)
        assert (len(server.messages), server.sessions[-1].tls) == (1, True)
        assert _counts(sending) == [("sts", 0, {result: 1})]

        await sending.send(server.port, tls=OPPORTUNISTIC)
        assert (len(server.messages), server.sessions[-1].tls) == (2, True)


async def test_a_broken_handshake_falls_back_to_clear_where_nothing_was_promised(
    tmp_path: Path, sending: Sending
) -> None:
    async with tls_server(tmp_path) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server._tls = context  # it has no certificate

        assert (await sending.send(server.port)).tls == "none"
        with pytest.raises(HostUnavailable):
            await sending.send(server.port, tls=ENCRYPTED)

        assert len(server.messages) == 1


async def test_what_was_said_before_the_encryption_does_not_count(tmp_path: Path, sending: Sending) -> None:
    """An answer smuggled in behind STARTTLS would be read as if it had come encrypted."""
    async with tls_server(tmp_path) as server:
        server.always("STARTTLS", "220 go on\r\n250-evil\r\n250 AUTH PLAIN")

        with pytest.raises(HostUnavailable):
            await sending.send(server.port, tls=VERIFIED)
        assert server.messages == []


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching_type", [0, 1, 2])
@pytest.mark.parametrize("usage", [2, 3])
async def test_dane_verifies_by_every_kind_of_record(
    tmp_path: Path, sending: Sending, usage: int, selector: int, matching_type: int
) -> None:
    named = AUTHORITY if usage == 2 else SERVER
    right = tlsa(named, usage, selector, matching_type)
    other = tlsa(authority("another"), usage, selector, matching_type)

    async with tls_server(tmp_path) as server:
        with pytest.raises(HostUnavailable, match="tls-validation-failure"):
            await sending.send(server.port, tls=dane(other))
        assert (await sending.send(server.port, tls=dane(other, right))).tls == "dane"


async def test_dane_ee_looks_at_neither_name_nor_date_and_dane_ta_does(
    tmp_path: Path, sending: Sending
) -> None:
    late = issued(AUTHORITY, "localhost", valid_for=timedelta(days=-1))
    foreign = issued(AUTHORITY, "other.example")

    for shown in (late, foreign):
        async with tls_server(tmp_path, shown) as server:
            await sending.send(server.port, tls=dane(tlsa(shown, 3)))
            with pytest.raises(HostUnavailable):
                await sending.send(server.port, tls=dane(tlsa(AUTHORITY, 2)))
    async with tls_server(tmp_path, foreign) as server:
        # RFC 7672 3.2.3: a name of the recipient's domain will do.
        await sending.send(server.port, tls=dane(tlsa(AUTHORITY, 2), names=("mx.example", "other.example")))


async def test_a_forged_certificate_that_names_the_trust_anchor_is_refused(
    tmp_path: Path, sending: Sending
) -> None:
    impostor = authority()
    forged = issued(impostor, "localhost")
    chained = Issued(forged.certificate, forged.key, AUTHORITY)

    async with tls_server(tmp_path, chained) as server:
        with pytest.raises(HostUnavailable):
            await sending.send(server.port, tls=dane(tlsa(AUTHORITY, 2)))
        assert server.messages == []


async def test_policies_do_not_share_sessions(tmp_path: Path, sending: Sending) -> None:
    async with tls_server(tmp_path) as server:
        await sending.send(server.port, tls=OPPORTUNISTIC)
        await sending.send(server.port, tls=VERIFIED)
        await sending.send(server.port, tls=VERIFIED)

        assert len(server.sessions) == 2


async def test_a_smarthost_with_implicit_tls_gets_name_and_password(tmp_path: Path) -> None:
    sending = make_sending(contexts=Contexts(AUTHORITY.trusting_context()), login=Login("relay", "söcret"))
    async with tls_server(tmp_path, implicit_tls=True) as server:
        server.offer("8BITMIME", "AUTH PLAIN LOGIN")
        await sending.send(server.port, tls=TlsPolicy(Demand.VERIFIED, implicit=True))

        said = server.sessions[0].lines[1].removeprefix("AUTH PLAIN ")
        assert base64.b64decode(said).decode() == "\0relay\0söcret"
        assert len(server.messages) == 1
        await sending.client.close()


async def test_a_smarthost_that_knows_login_only_is_asked_that_way(tmp_path: Path) -> None:
    sending = make_sending(contexts=Contexts(AUTHORITY.trusting_context()), login=Login("relay", "secret"))
    async with tls_server(tmp_path, implicit_tls=True) as server:
        server.offer("8BITMIME", "AUTH LOGIN")
        server.once("AUTH", "334 VXNlcm5hbWU6")
        server.once(base64.b64encode(b"relay").decode().upper(), "334 UGFzc3dvcmQ6")
        server.once(base64.b64encode(b"secret").decode().upper(), "235 2.7.0 welcome")

        await sending.send(server.port, tls=TlsPolicy(Demand.VERIFIED, implicit=True))

        assert len(server.messages) == 1
        await sending.client.close()


async def test_a_refused_login_keeps_mail_waiting(tmp_path: Path) -> None:
    sending = make_sending(contexts=Contexts(AUTHORITY.trusting_context()), login=Login("relay", "secret"))
    async with tls_server(tmp_path, implicit_tls=True) as server:
        server.offer("8BITMIME", "AUTH PLAIN")
        server.once("AUTH", "535 5.7.8 bad credentials")

        with pytest.raises(HostUnavailable, match="login-refused"):
            await sending.send(server.port, tls=TlsPolicy(Demand.VERIFIED, implicit=True))


async def test_a_password_is_never_said_in_clear() -> None:
    sending = make_sending(login=Login("relay", "secret"))
    async with ScriptedServer() as server:
        server.offer("8BITMIME", "AUTH PLAIN")

        with pytest.raises(HostUnavailable, match="login-needs-tls"):
            await sending.send(server.port, tls=TlsPolicy(Demand.OPPORTUNISTIC))

        assert "AUTH" not in server.sessions[0].verbs
