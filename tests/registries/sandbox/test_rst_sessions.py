"""ICANN's acceptance cases of connections and sessions: epp-01, epp-02, epp-03, epp-17."""

import asyncio
import re
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cryptography import x509

from registries.sandbox.authority import CertificateAuthority, ClientCertificates
from registries.sandbox.server import SandboxRegistry
from tests.registries.sandbox.conftest import Connect, Start
from tests.registries.sandbox.rst import FOLDER, needs_data
from tests.registries.sandbox.wire import (
    ACCOUNTS,
    NAMESPACES,
    RawClient,
    contact_create,
    domain_create,
    login,
    on_contact,
    on_domain,
)


async def _handshake(registry: SandboxRegistry, context: ssl.SSLContext) -> ssl.SSLObject:
    _, writer = await asyncio.open_connection("localhost", registry.port, ssl=context)
    found: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.close()
    return found


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_epp_01_tls_1_2_and_later_is_spoken(
    registry: SandboxRegistry, authority: CertificateAuthority, version: ssl.TLSVersion
) -> None:
    context = authority.client_context()
    context.minimum_version = context.maximum_version = version
    spoken = await _handshake(registry, context)
    assert spoken.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
    # RFC 9325 4.2 and 4.3: forward secrecy and authenticated encryption.
    cipher = spoken.cipher()
    assert cipher is not None
    assert re.match(r"TLS_(AES|CHACHA20)|ECDHE-.*(GCM|CHACHA20)", cipher[0])


def test_epp_01_tls_1_1_is_not_spoken(authority: CertificateAuthority) -> None:
    context = authority.server_context(authority.issue("registry"))
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


async def test_epp_01_the_certificate_is_valid_now_and_for_the_name(
    registry: SandboxRegistry, authority: CertificateAuthority
) -> None:
    # The context verifies the chain and that "localhost" is a name of the certificate.
    spoken = await _handshake(registry, authority.client_context())
    shown = spoken.getpeercert(binary_form=True)
    assert shown is not None
    certificate = x509.load_der_x509_certificate(shown)
    assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc


async def test_epp_02_the_greeting_says_who_when_and_in_which_version(
    registry: SandboxRegistry, connect: Connect
) -> None:
    async with connect(registry) as session:
        greeting = session.greeting
    assert greeting.all("//epp:svID")[0]
    told = datetime.fromisoformat(greeting.all("//epp:svDate")[0])
    assert abs(datetime.now(UTC) - told) < timedelta(seconds=30)
    assert greeting.all("//epp:version") == ["1.0"]
    assert greeting.all("//epp:lang") == ["en"]
    assert greeting.names("//epp:dcp/*") == ["access", "statement"]


@needs_data
async def test_epp_02_every_service_is_of_the_extension_registry(
    registry: SandboxRegistry, connect: Connect
) -> None:
    text = await asyncio.to_thread((FOLDER / "epp-extensions.yaml").read_text)
    known = {kind: {entry["uri"] for entry in found} for kind, found in yaml.safe_load(text)["uris"].items()}
    async with connect(registry) as session:
        objects = set(session.greeting.all("//epp:objURI"))
        extensions = set(session.greeting.all("//epp:extURI"))
    assert {NAMESPACES[kind] for kind in ("domain", "host", "contact")} == objects <= known["objects"]
    assert {NAMESPACES["secDNS"]} == extensions <= known["extensions"]


@pytest.mark.parametrize(
    ("account", "password", "shown", "code"),
    [
        ("nobody-at-all", "password-a", "registrar-a", 2200),
        ("registrar-a", "password-b", "registrar-a", 2200),
        ("registrar-a", "password-a", "somebody", 2200),
        ("registrar-a", "password-a", "registrar-b", 2200),
        ("registrar-a", "password-a", None, 2200),
        ("registrar-a", "password-a", "registrar-a", 1000),
    ],
)
async def test_epp_03_a_login_needs_account_password_and_certificate(
    start: Start,
    authority: CertificateAuthority,
    account: str,
    password: str,
    shown: str | None,
    code: int,
) -> None:
    registry = await start(pins={name: name for name in ACCOUNTS})
    context = authority.client_context(authority.issue(shown) if shown else None)
    async with RawClient(registry.port, context) as session:
        services = tuple(session.greeting.all("//epp:objURI"))
        [extension] = session.greeting.all("//epp:extURI")
        enter = login(account, password, services=services, extension=extension)
        assert (await session.command(enter)).code == code


async def test_epp_03_without_a_certificate_there_is_no_connection_where_one_is_required(
    authority: CertificateAuthority,
) -> None:
    tls = authority.server_context(authority.issue("registry"), ClientCertificates.REQUIRED)
    registry = SandboxRegistry(tlds=(), accounts=ACCOUNTS, tls=tls)
    async with registry:
        with pytest.raises((OSError, ssl.SSLError, asyncio.IncompleteReadError)):
            async with RawClient(registry.port, authority.client_context()):
                pass


async def test_epp_17_all_connections_tell_the_same(
    registry: SandboxRegistry, connect: Connect, client: RawClient
) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    async with connect(registry) as other:
        await other.login()
        for read in (on_contact("info", "owner-1"), on_domain("info", "a.test")):
            first, second = await client.succeed(read), await other.succeed(read)
            assert first.all("//epp:resData//*") == second.all("//epp:resData//*")
            assert first.names("//epp:resData//*") == second.names("//epp:resData//*")
