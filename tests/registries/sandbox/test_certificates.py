"""Client certificates: off, optional or required, and bound to an account."""

import asyncio
import hashlib
import ssl
from contextlib import AsyncExitStack

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from registries.sandbox.authority import CertificateAuthority, ClientCertificates, IssuedCertificate
from registries.sandbox.server import SandboxRegistry
from tests.registries.sandbox.conftest import TLDS
from tests.registries.sandbox.wire import ACCOUNTS, RawClient

_LOST = (asyncio.IncompleteReadError, OSError, ssl.SSLError)


async def _started(
    stack: AsyncExitStack,
    authority: CertificateAuthority,
    clients: ClientCertificates = ClientCertificates.OPTIONAL,
    pins: dict[str, str] | None = None,
) -> SandboxRegistry:
    tls = authority.server_context(authority.issue("registry"), clients)
    registry = SandboxRegistry(tlds=TLDS, accounts=ACCOUNTS, tls=tls, pins=pins or {})
    return await stack.enter_async_context(registry)


def _der(issued: IssuedCertificate) -> bytes:
    return x509.load_pem_x509_certificate(issued.cert_file.read_bytes()).public_bytes(Encoding.DER)


async def _login_code(registry: SandboxRegistry, context: ssl.SSLContext) -> int:
    async with RawClient(registry.port, context) as session:
        return (await session.login()).code


@pytest.mark.parametrize("clients", list(ClientCertificates))
async def test_a_certificate_is_taken_whatever_is_asked_for(
    authority: CertificateAuthority, clients: ClientCertificates
) -> None:
    async with AsyncExitStack() as stack:
        registry = await _started(stack, authority, clients)
        assert await _login_code(registry, authority.client_context(authority.issue("registrar"))) == 1000


async def test_without_a_certificate_there_is_no_session_where_one_is_required(
    authority: CertificateAuthority,
) -> None:
    async with AsyncExitStack() as stack:
        registry = await _started(stack, authority, ClientCertificates.REQUIRED)
        with pytest.raises(_LOST):
            await _login_code(registry, authority.client_context())


async def test_a_certificate_of_another_authority_ends_the_handshake(
    authority: CertificateAuthority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = CertificateAuthority(tmp_path_factory.mktemp("other")).issue("registrar")
    context = authority.client_context(other)
    async with AsyncExitStack() as stack:
        registry = await _started(stack, authority)
        with pytest.raises(_LOST):
            await _login_code(registry, context)


@pytest.mark.parametrize("by", ["name", "fingerprint"])
async def test_a_pinned_account_logs_in_only_with_its_certificate(
    authority: CertificateAuthority, by: str
) -> None:
    issued = authority.issue("registrar")
    pin = "registrar" if by == "name" else hashlib.sha256(_der(issued)).hexdigest().upper()
    async with AsyncExitStack() as stack:
        registry = await _started(stack, authority, pins={"registrar-a": pin})
        assert await _login_code(registry, authority.client_context(issued)) == 1000
        assert await _login_code(registry, authority.client_context(authority.issue("stranger"))) == 2200
        assert await _login_code(registry, authority.client_context()) == 2200
        async with RawClient(registry.port, authority.client_context()) as session:
            assert (await session.login("registrar-b")).code == 1000
