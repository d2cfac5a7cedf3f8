"""The world's own clients read our servers rightly, RDAP over TLS and WHOIS, whatever a domain's state."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.certificates import write_certificate
from whoisproxy.config import load
from whoisproxy.demo.backend import Backend
from whoisproxy.runtime.service import Role, Service

pytestmark = pytest.mark.slow

HIDDEN, SHOWN, IDN, NOBODYS = "hidden-bakery.com", "shown-bakery.com", "bücher-bäckerei.com", "nobodys.com"
ASKED = (HIDDEN, SHOWN, IDN, NOBODYS)
NAMESERVERS = ["ns1.bakery.example", "ns2.bakery.example"]
REGISTRANT = {
    "name": "Zoë Müller",
    "organization": "Käserei Müller",
    "email": "zoe@home.example",
    "phone": "+41325550123",
    "street": ["Rue 7"],
    "city": "Neuchâtel",
    "region": "NE",
    "postal_code": "2000",
    "country_code": "CH",
    "language": "fr",
}
SECRETS = ("Zoë", "Käserei", "zoe@home.example", "325550123", "Rue 7", "Neuchâtel")
SETTINGS = """
[dns]
nameservers = ["127.0.0.1:9"]
[log]
level = "error"
[relay]
domain = "relay.example"
[api]
port = 0
[whois]
port = 0
[rdap]
port = {port}
base_url = "https://localhost:{port}"
tls_certificate = "rdap.pem"
"""
_CLIENTS = Path(__file__).parent / "clients" / "rdds.py"


@dataclass(frozen=True)
class Understood:
    """What a client made of an answer, in one shape for all."""

    domain: str
    name: str
    organization: str
    email: str
    street: str
    nameservers: list[str]
    registrar: str


@dataclass(frozen=True)
class Site:
    """A running service; a client is a process of its own, which trusts its certificate."""

    folder: Path
    rdap_url: str
    whois_port: int

    async def run(self, *command: str) -> str:
        certificate = str(self.folder / "rdap.pem")
        trust = {"SSL_CERT_FILE": certificate, "REQUESTS_CA_BUNDLE": certificate, "LANG": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **trust}, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        return said.decode()

    async def read(self, client: str) -> list[Any]:
        """Return what a client makes of each domain."""
        command = (sys.executable, str(_CLIENTS), client, self.rdap_url, str(self.whois_port), *ASKED)
        answers: list[Any] = json.loads(await self.run(*command))
        return answers


@pytest.fixture
async def site(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Site]:
    write_certificate(tmp_path / "rdap.pem", "localhost", kind="rsa")
    file = tmp_path / "whoisproxy.toml"
    file.write_text(SETTINGS.format(port=unused_tcp_port))
    service = Service(load(file, {}), roles=[Role.API, Role.RDDS, Role.WORKER])
    await service.start()
    try:
        await fill(service)
        yield Site(tmp_path, f"https://localhost:{unused_tcp_port}", service.ports["whois"])
    finally:
        await service.stop()


async def fill(service: Service) -> None:
    """Register the domains and hide the owners of two."""
    registrar = await service.core.accounts.add_registrar("Acme Registrar", "https://acme.example", 9999)
    _, secret = await service.core.accounts.add_key(registrar)
    async with aiohttp.ClientSession() as session:
        backend = Backend(session, f"http://127.0.0.1:{service.ports['api']}", secret)
        body = {
            "registrant": REGISTRANT,
            "registrant_verified": True,
            "nameservers": NAMESERVERS,
        }
        consent = {"by": "owner", "at": "2026-11-24T09:00:00Z", "text_version": "1"}
        for domain in (HIDDEN, SHOWN, IDN):
            assert (await backend.call("PUT", f"/v1/domains/{domain}", body)).status == 201
        for domain in (HIDDEN, IDN):
            wish = {"enabled": True, "consent": consent}
            reply = await backend.call("PUT", f"/v1/domains/{domain}/privacy", wish)
            assert reply.status == 202, reply.body


PROXY = "Privacy service provided by whoisproxy"
A_LABEL = "xn--bcher-bckerei-hfb76a.com"


def whoisit(answer: dict[str, Any]) -> Understood:
    [owner], [registrar] = answer["entities"]["registrant"], answer["entities"]["registrar"]
    return Understood(
        answer["name"],
        owner["person"],
        owner["organisation"],
        owner["email"],
        owner["address"]["street_address"],
        answer["nameservers"],
        registrar["name"],
    )


def asyncwhois(answer: dict[str, Any]) -> Understood:
    return Understood(
        answer["domain_name"],
        answer["registrant_name"],
        answer["registrant_organization"],
        answer["registrant_email"],
        answer["registrant_address"],
        answer["name_servers"],
        answer["registrar"],
    )


def python_whois(answer: dict[str, Any]) -> Understood:
    names = answer["domain_name"]
    return Understood(
        names if isinstance(names, str) else names[0],
        answer["name"],
        answer["org"],
        answer["emails"][1],
        answer["address"],
        answer["name_servers"],
        answer["registrar"],
    )


READ = {
    "whoisit": whoisit,
    "asyncwhois-rdap": asyncwhois,
    "asyncwhois": asyncwhois,
    "python-whois": python_whois,
}


@pytest.mark.parametrize("client", READ)
async def test_a_client_reads_what_we_publish(site: Site, client: str) -> None:
    *answers, nobodys = await site.read(client)
    hidden, shown, idn = map(READ[client], answers)
    street = shown.street.partition(",")[0]
    assert (shown.domain, shown.name, shown.organization, shown.email, street) == (
        SHOWN,
        "Zoë Müller",
        "Käserei Müller",
        "zoe@home.example",
        "Rue 7",
    )
    for domain, found in ((HIDDEN, hidden), (A_LABEL, idn)):
        assert (found.domain, found.organization) == (domain, PROXY)
        assert found.email.endswith("@relay.example")
    assert hidden.email != idn.email
    assert not [secret for secret in SECRETS if secret in repr((answers[0], answers[2]))]
    for found in (hidden, shown, idn):
        assert (found.nameservers, found.registrar) == (NAMESERVERS, "Acme Registrar")
    # One says so by an error, python-whois by saying nothing.
    assert "error" in nobodys or nobodys["domain_name"] is None


@pytest.mark.skipif(shutil.which("whois") is None, reason="the program whois of Debian is not installed")
async def test_debians_whois_shows_what_we_publish(site: Site) -> None:
    port = str(site.whois_port)
    hidden, shown, idn, nobodys = [
        await site.run("whois", "-h", "127.0.0.1", "-p", port, name) for name in ASKED
    ]
    assert "Registrant Name: Zoë Müller" in shown
    for said, name in ((hidden, HIDDEN), (idn, A_LABEL)):
        assert f"Domain Name: {name}" in said
        assert f"Registrant Organization: {PROXY}" in said
        assert not [secret for secret in SECRETS if secret in said]
    assert f"Internationalized Domain Name: {IDN}" in idn
    assert nobodys.startswith("No match")
