"""The authority issues certificates that TLS accepts, once, with private keys that stay private."""

import asyncio
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registries.sandbox.authority import CertificateAuthority


def test_a_certificate_is_issued_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = CertificateAuthority(tmp_path / "ca").issue("registry")
    content = first.cert_file.read_bytes()
    again = CertificateAuthority(tmp_path / "ca").issue("registry")
    assert again == first
    assert again.cert_file.read_bytes() == content
    for key in (tmp_path / "ca").glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_certificate_about_to_end_or_without_a_wanted_host_is_issued_anew(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    first = authority.issue("registry").cert_file.read_bytes()
    second = authority.issue("registry", hosts=["epp.registry.example"]).cert_file.read_bytes()
    later = CertificateAuthority(tmp_path, clock=lambda: datetime.now(UTC) + timedelta(days=395))
    third = later.issue("registry").cert_file.read_bytes()
    assert len({first, second, third}) == 3


@pytest.mark.parametrize("name", ["", "ca", "../evil", "UPPER", "a/b", "."])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        CertificateAuthority(tmp_path).issue(name)


async def test_a_server_and_a_client_of_one_authority_trust_each_other(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    seen: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(writer.get_extra_info("peercert"))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(
        serve, "127.0.0.1", 0, ssl=authority.server_context(authority.issue("registry"))
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        context = authority.client_context(authority.issue("registrar"))
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    assert "registrar" in str(await seen)
