"""Connections are made with the right peer, in time, and carry whole frames only."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from registries.epp.markup import FrameError
from registries.epp.session import Session
from registries.epp.transport import MAX_FRAME_OCTETS, Deadlines, Endpoint, Transport, client_tls
from registries.errors import RegistryUnavailable
from registries.sandbox.authority import CertificateAuthority
from tests.registries.epp.peer import Connection, scripted_registry

SHORT = Deadlines(connect_s=0.1, greeting_s=0.1, answer_s=0.1, close_s=0.1)


async def _silent(connection: Connection) -> None:
    await connection.until_closed()


async def _obedient(connection: Connection) -> None:
    await connection.accept_login()
    await connection.answer(1500)


@asynccontextmanager
async def _listening(tls: ssl.SSLContext) -> AsyncIterator[int]:
    """A registry that opens and closes sessions, with TLS settings of the test's own."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _obedient(Connection(reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_peer_that_never_shakes_hands_is_left_in_time(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        left.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, scripted_registry(tmp_path) as account:
        endpoint = replace(account.endpoint, port=server.sockets[0].getsockname()[1])
        with pytest.raises(RegistryUnavailable, match="no connection to the registry: not within"):
            await Session.open(replace(account, endpoint=endpoint, deadlines=SHORT))
        await left.wait()


async def test_a_registry_that_does_not_greet_is_left_in_time(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _silent) as account:
        patient_at_first = replace(SHORT, connect_s=5)
        with pytest.raises(RegistryUnavailable, match="no greeting from the registry: not within"):
            await Session.open(replace(account, deadlines=patient_at_first))


async def test_a_registry_that_asks_for_our_certificate_gets_it(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    own = authority.issue("client")
    tls = authority.server_context(authority.issue("registry"))
    tls.verify_mode = ssl.CERT_REQUIRED
    async with _listening(tls) as port, scripted_registry(tmp_path / "other") as account:
        with_ours = client_tls(authority.ca_file, own.cert_file, own.key_file)
        session = await Session.open(replace(account, endpoint=Endpoint("127.0.0.1", port, with_ours)))
        await session.close()
        without = client_tls(authority.ca_file)
        with pytest.raises(RegistryUnavailable):
            await Session.open(replace(account, endpoint=Endpoint("127.0.0.1", port, without)))


async def test_the_certificate_may_bear_another_name_than_the_host(tmp_path: Path) -> None:
    """Registries give addresses, or names behind a balancer; the settings then name the certificate's."""
    authority = CertificateAuthority(tmp_path)
    tls = authority.server_context(authority.issue("registry", hosts=["epp.registry.example"]))
    async with _listening(tls) as port, scripted_registry(tmp_path / "other") as account:
        endpoint = Endpoint("127.0.0.1", port, client_tls(authority.ca_file), "epp.registry.example")
        session = await Session.open(replace(account, endpoint=endpoint))
        await session.close()


async def test_the_peers_certificate_and_tls_version_are_told(tmp_path: Path) -> None:
    async with scripted_registry(tmp_path, _obedient) as account:
        session = await Session.open(account)
        peer = session.peer
        await session.close()
    [certificate] = x509.load_pem_x509_certificates((tmp_path / "registry.pem").read_bytes())
    assert peer.certificate_ends_at == certificate.not_valid_after_utc
    assert peer.certificate_ends_at > datetime.now(UTC)
    assert peer.tls_version == "TLSv1.3"


async def test_a_frame_is_sent_up_to_the_cap_and_no_longer(tmp_path: Path) -> None:
    received = asyncio.Queue[int]()

    async def counts(connection: Connection) -> None:
        received.put_nowait(len(await connection.receive()))

    async with scripted_registry(tmp_path, counts) as account:
        transport = await Transport.connect(account.endpoint, account.deadlines)
        with pytest.raises(FrameError):
            await transport.send(bytes(MAX_FRAME_OCTETS - 3))
        await transport.send(bytes(MAX_FRAME_OCTETS - 4))
        assert await received.get() == MAX_FRAME_OCTETS - 4
        transport.abort()


def test_a_key_with_a_passphrase_is_refused_rather_than_asked_for(tmp_path: Path) -> None:
    """Nobody sits at the terminal of a service."""
    own = CertificateAuthority(tmp_path).issue("client")
    key = load_pem_private_key(own.key_file.read_bytes(), None)
    sealed = tmp_path / "sealed.key"
    secret = BestAvailableEncryption(b"secret")
    sealed.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
    with pytest.raises(ssl.SSLError):
        client_tls(certificate_file=own.cert_file, key_file=sealed)
