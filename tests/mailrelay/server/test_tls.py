"""STARTTLS (RFC 3207), TLS from the beginning (RFC 8314), and certificates that are renewed."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from mailrelay.server.tls import RenewedCertificate
from registries.sandbox.authority import CertificateAuthority, IssuedCertificate
from tests.mailrelay.server.client import HEADER, MAIL, RCPT, Client, Witness, another_server
from tests.mailrelay.world import RELAY_HOST, World


def context_of(issued: IssuedCertificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    return context


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture
def tls(tmp_path: Path) -> Callable[[], ssl.SSLContext]:
    context = context_of(CertificateAuthority(tmp_path / "ca").issue(RELAY_HOST))
    return lambda: context


async def test_starttls_forgets_what_was_said_before(world: World, tls: Callable[[], ssl.SSLContext]) -> None:
    """RFC 3207 section 4.2: EHLO and transaction are gone; STARTTLS is not offered twice, AUTH never."""
    async with another_server(world.inbound, tls=tls) as server:
        client = await Client.connect(server.ports["smtp"])
        client.writer.write(b"EHLO a.example\r\n")
        assert "250-STARTTLS" in await client.lines()
        await client.say(MAIL)
        await client.say(RCPT)
        assert await client.say("STARTTLS now") == "501 5.5.4 This command takes no argument"
        assert await client.say("STARTTLS") == "220 2.0.0 Ready to start TLS"
        await client.writer.start_tls(trusting())
        assert (await client.say("DATA")).startswith("503")
        assert await client.say(MAIL) == "503 5.5.1 Send EHLO first"
        client.writer.write(b"EHLO a.example\r\n")
        offered = await client.lines()
        assert not [line for line in offered if "STARTTLS" in line or "AUTH" in line]
        assert await client.say("STARTTLS") == "503 5.5.1 TLS is already active"
        assert (await client.say(MAIL)).startswith("250")
        await client.close()


@pytest.mark.parametrize("packets", [1, 2])
async def test_nothing_said_in_the_clear_counts_under_tls(
    world: World, tls: Callable[[], ssl.SSLContext], packets: int
) -> None:
    """CVE-2011-0411, CVE-2024-34083: what stands behind STARTTLS is dropped, or breaks the handshake."""
    witness = Witness(world.inbound)
    async with another_server(witness, tls=tls) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.say("EHLO a.example")
        injected = b"EHLO evil.example\r\n" + f"{MAIL}\r\n{RCPT}\r\n".encode()
        await client.dribble([b"STARTTLS\r\n" + injected] if packets == 1 else [b"STARTTLS\r\n", injected])
        assert (await client.answer()).startswith("220")
        try:
            await client.writer.start_tls(trusting())
            assert (await client.say("DATA")).startswith("503")
            await client.close()
        except OSError:
            # A stream whose handshake failed never says that it is closed.
            assert packets == 2
        assert witness.senders == []


async def test_a_failed_handshake_ends_the_connection(
    world: World, tls: Callable[[], ssl.SSLContext]
) -> None:
    async with another_server(world.inbound, tls=tls) as server:
        client = await Client.connect(server.ports["smtp"])
        assert (await client.say("STARTTLS")).startswith("220")
        client.writer.write(b"EHLO in.the.clear\r\n")
        assert "250" not in (await client.rest_of_bytes()).decode("latin-1")
        await client.close()
        assert server.connections == 0


async def test_a_message_comes_whole_through_tls_and_is_known_to(
    world: World, tls: Callable[[], ssl.SSLContext]
) -> None:
    witness = Witness(world.inbound)
    async with another_server(witness, tls=tls, tls_port=0) as server:
        assert server.ports["smtps"]
        client = await Client.open(server.ports["smtps"], ssl=trusting())
        assert (await client.answer()).startswith("220")
        await client.begin()
        body = b"x" * 78 + b"\r\n"
        client.writer.write(HEADER + body * 10_000 + b".\r\n")
        assert (await client.answer()).startswith("250 2.0.0")
        assert witness.messages == [HEADER + body * 10_000]
        assert [sender.protocol for sender in witness.senders] == ["ESMTPS"]
        assert (await client.say("QUIT")).startswith("221")
        await client.close()


async def test_the_protocol_is_told_as_received_names_it(world: World) -> None:
    """RFC 3848, RFC 6531 section 4.3."""
    witness = Witness(world.inbound)
    async with another_server(witness) as server:
        client = await Client.connect(server.ports["smtp"])
        for hello, mail in (("HELO", MAIL), ("EHLO", MAIL), ("EHLO", f"{MAIL} SMTPUTF8")):
            await client.say(f"{hello} a.example")
            await client.say(mail)
        assert [sender.protocol for sender in witness.senders] == ["SMTP", "ESMTP", "UTF8SMTP"]
        await client.close()


async def test_a_renewed_certificate_serves_the_next_handshake(world: World, tmp_path: Path) -> None:
    """No restart; files that cannot be used change nothing."""
    authority = CertificateAuthority(tmp_path / "ca")
    certificate, key = tmp_path / "tls.pem", tmp_path / "tls.key"

    def install(name: str) -> bytes:
        issued = authority.issue(name)
        certificate.write_bytes(issued.cert_file.read_bytes())
        key.write_bytes(issued.key_file.read_bytes())
        return ssl.PEM_cert_to_DER_cert(issued.cert_file.read_text())

    async def shown(port: int) -> bytes | None:
        client = await Client.open(port, ssl=trusting())
        found: bytes | None = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        await client.close()
        return found

    first = install("one.example")
    renewed = RenewedCertificate([certificate, key], lambda: context_of(IssuedCertificate(certificate, key)))
    async with another_server(world.inbound, tls=renewed, tls_port=0) as server:
        assert server.ports["smtps"]
        assert await shown(server.ports["smtps"]) == first
        second = install("two.example")
        assert second != first
        assert await shown(server.ports["smtps"]) == second
        certificate.write_text("damaged")
        assert await shown(server.ports["smtps"]) == second
        key.unlink()
        assert await shown(server.ports["smtps"]) == second
        third = install("three.example")
        assert await shown(server.ports["smtps"]) == third


async def test_tls_spoken_to_the_plain_port_is_hung_up_on(world: World) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        async with asyncio.timeout(10):
            await Client.open(world.port, ssl=trusting())
