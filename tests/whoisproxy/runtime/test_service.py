"""The service put together: what a start needs, and what goes on while keys change."""

import socket
import stat
from pathlib import Path

import aiohttp
import pytest

from whoisproxy.config import ConfigurationError, Settings, load
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.mail_actors import whois
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.key_files import secret_key, server_tls
from whoisproxy.runtime.service import Role, Service
from whoisproxy.storage.keys import MasterKeys

REGISTRANT = {
    "name": "Zoë Müller",
    "organization": "",
    "email": "zoe@home.example",
    "phone": "+41325550123",
    "street": ["Rue 7"],
    "city": "Neuchâtel",
    "region": "NE",
    "postal_code": "2000",
    "country_code": "CH",
    "language": "fr",
}
PORTS = {f"WHOISPROXY_{name}__PORT": "0" for name in ("API", "RDAP", "PORTAL", "WHOIS", "SMTP")}


def settings(folder: Path, **more: str) -> Settings:
    file = folder / "whoisproxy.toml"
    file.write_text('[dns]\nnameservers = ["127.0.0.1:9"]\n[log]\nlevel = "error"\n')
    return load(file, {**PORTS, **{f"WHOISPROXY_{key}": value for key, value in more.items()}})


async def test_a_rotation_of_keys_beside_a_running_service_loses_nothing(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    service = Service(chosen)
    await service.start()
    try:
        registrar = await service.core.accounts.add_registrar("Acme", "https://acme.example", None)
        _, secret = await service.core.accounts.add_key(registrar)
        async with aiohttp.ClientSession() as http:
            client = Backend(http, f"http://127.0.0.1:{service.ports['api']}", secret)
            body = {"registrant": REGISTRANT, "registrant_verified": True}
            assert (await client.call("PUT", "/v1/domains/before.com", body)).status == 201

            # Another process does this.
            MasterKeys.rotate(chosen.keys.folder)
            async with open_core(chosen) as other:
                await other.storage.rotate_keys()

            assert (await client.call("PUT", "/v1/domains/after.com", body)).status == 201
            for domain in ("before.com", "after.com"):
                assert "Zoë Müller" in (await whois(service.ports["whois"], domain)).decode()
    finally:
        await service.stop()


async def test_a_service_that_cannot_start_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = Service(settings(tmp_path, WHOIS__PORT=str(port)))
        with pytest.raises(OSError, match="cannot listen: Address already in use") as refused:
            await service.start()
    assert refused.value.filename == f"whois 127.0.0.1:{port}"
    # What had begun to listen listens no more, and the same database opens again.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", service.ports["smtp"]))
    again = Service(settings(tmp_path))
    await again.start()
    await again.stop()


async def test_it_is_ready_while_database_and_workers_are_there(tmp_path: Path) -> None:
    service = Service(settings(tmp_path), roles=[Role.API, Role.WORKER])
    await service.start()
    assert await service.ready() == {"database": True, "workers": True}
    assert service.addresses() == {"api": f"http://127.0.0.1:{service.ports['api']}"}
    await service.stop()


def test_there_are_no_services_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = Service(settings(tmp_path)).core


async def test_a_password_file_that_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "whoisproxy.toml"
    file.write_text(
        '[[registries]]\nname = "one"\nhost = "127.0.0.1"\nclient_id = "abc"\n'
        'password_file = "password"\nsuffixes = ["org"]\n'
    )
    with pytest.raises(ConfigurationError, match=r"registries\.one: .*password: No such file"):
        await Service(load(file, PORTS)).start()


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "some.key"
    key = secret_key(file)
    assert len(key) == 32
    assert secret_key(file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    with pytest.raises(ConfigurationError, match=r"bad\.pem: holds no certificate"):
        server_tls(bad, None, tmp_path / "own.pem", "mx.example")
    with pytest.raises(ConfigurationError, match=r"absent\.pem or its key: No such file"):
        server_tls(tmp_path / "absent.pem", None, tmp_path / "own.pem", "mx.example")
