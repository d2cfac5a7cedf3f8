"""The loopback world of the demonstration: registry, name server, mail server, and our service among them.

Everything is real but small: EPP over TLS, DNS over UDP and TCP, SMTP, HTTP, SQLite in a folder of its own.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

import aiohttp

from mailrelay.authentication.authenticate import authenticate
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage
from registries.contact import Role
from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import DataModel, Tld
from whoisproxy.config import load
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import MailDomain, publish_receiver
from whoisproxy.demo.mail_sink import MailSink, SunkMessage
from whoisproxy.demo.ports import free_port
from whoisproxy.demo.registry_client import RegistryClient
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.mail.keys import dkim_record
from whoisproxy.runtime.service import Service
from whoisproxy.services.settings import Clock

RELAY_DOMAIN = "relay.example"
GRACE_S = 4
_ACCOUNT, _PASSWORD = "registrar-1", "s4ndbox-Pw"
_ROLES = (Role.REGISTRANT, Role.ADMIN, Role.TECH)

_CONFIGURATION = """
[database]
url = "sqlite:///whoisproxy.sqlite3"
[keys]
folder = "keys"
[api]
port = 0
[rdap]
port = 0
requests_per_minute = 1000
[portal]
port = {portal_port}
base_url = "http://localhost:{portal_port}"
requests_per_minute = 1000
[whois]
port = 0
requests_per_minute = 1000
[smtp]
port = 0
hostname = "mx.{relay_domain}"
[dns]
nameservers = ["{nameserver}"]
[delivery]
port = {sink_port}
allow_private_addresses = true
[relay]
domain = "{relay_domain}"
grace_s = {grace_s}
[brand]
name = "Privacy Desk"
organization = "Privacy service provided by Demo Registrar"
street = ["Relay Street 1"]
city = "Geneva"
postal_code = "1201"
country_code = "CH"
phone = "+41225550100"
abuse_email = "abuse@{relay_domain}"
abuse_phone = "+41225550101"
terms_url = "https://privacy.{relay_domain}/terms"
[webhooks]
allow_private_addresses = true
[log]
level = "error"
[[registries]]
name = "sandbox"
host = "127.0.0.1"
port = {registry_port}
client_id = "{account}"
password_file = "registry.password"
ca_file = "{ca_file}"
suffixes = ["org", "eu", "ca"]
sessions = 2
"""


@dataclass(slots=True)
class World:
    """Everybody who plays, started and reachable."""

    folder: Path
    dns: DnsServer
    sink: MailSink
    registry: SandboxRegistry
    service: Service
    backend: Backend
    registry_client: RegistryClient
    http: aiohttp.ClientSession
    api_key: str
    senders: dict[str, MailDomain] = field(default_factory=dict)

    @property
    def smtp_port(self) -> int:
        """Where the relay takes mail."""
        return self.service.ports["smtp"]

    async def epp_seen(self, after: int) -> tuple[int, str]:
        """Return the sequence of the registry's last command, and the commands since `after` as one line."""
        entries = await self.registry.journal(after)
        seen = (f"{entry.command} {entry.code}" for entry in entries if ":" in entry.command)
        counted = ((told, len(list(same))) for told, same in groupby(seen))
        line = ", ".join(f"{count} {told}" if count > 1 else told for told, count in counted)
        return (entries[-1].sequence if entries else after), line

    async def dmarc_of(self, message: SunkMessage) -> str:
        """Return the DMARC result that a receiver at the mail sink would find."""
        resolver = Resolver([self.dns.nameserver])
        host = f"mx.{RELAY_DOMAIN}"
        results = await authenticate(
            RawMessage.parse(message.raw),
            "127.0.0.1",
            host,
            message.reverse_path,
            resolver,
            datetime.now(UTC),
        )
        return str(results.dmarc.result)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything outside our service, started, and the settings file that leads the service to it."""

    folder: Path
    file: Path
    dns: DnsServer
    sink: MailSink
    registry: SandboxRegistry
    authority: CertificateAuthority
    senders: dict[str, MailDomain]

    async def registry_client(self) -> RegistryClient:
        """Return a session of the registrar's own at the registry."""
        return await RegistryClient.open(self.registry.port, self.authority, _ACCOUNT, _PASSWORD)


@asynccontextmanager
async def surroundings(folder: Path) -> AsyncIterator[Surroundings]:
    """Start registry, name server and mail server; write the settings for a service among them."""
    async with AsyncExitStack() as stack:
        dns = await stack.enter_async_context(DnsServer())
        sink = await stack.enter_async_context(MailSink())
        authority = CertificateAuthority(folder / "ca")
        certificate = authority.issue("registry.localhost", hosts=["127.0.0.1", "localhost"])
        registry = await stack.enter_async_context(
            SandboxRegistry(
                folder / "registry.sqlite3",
                tlds=[*(Tld(suffix, required=_ROLES) for suffix in ("org", "eu", "ca", "nl")), _thin("com")],
                accounts={_ACCOUNT: _PASSWORD},
                tls=authority.server_context(certificate),
            )
        )
        senders = _publish_zones(dns, folder / "senders")
        file = _write_settings(folder, dns, sink, registry, authority)
        yield Surroundings(folder, file, dns, sink, registry, authority, senders)


@asynccontextmanager
async def loopback_world(
    folder: Path, clock: Clock = utc_now, environment: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[World]:
    """Start everything in `folder` and stop it in the end; clock and environment are the service's."""
    configure_logging("error", "json")
    async with AsyncExitStack() as stack:
        around = await stack.enter_async_context(surroundings(folder))
        settings = load(around.file, environment)
        service = Service(settings, clock=clock)
        await service.start()
        stack.push_async_callback(service.stop)
        name, record = dkim_record(settings)
        around.dns.set(name, "TXT", record)
        accounts = service.core.accounts
        registrar = await accounts.add_registrar("Demo Registrar", "https://registrar.example", 9999)
        _, api_key = await accounts.add_key(registrar)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        backend = Backend(http, f"http://127.0.0.1:{service.ports['api']}", api_key)
        client = await around.registry_client()
        stack.push_async_callback(client.close)
        yield World(
            folder=folder,
            dns=around.dns,
            sink=around.sink,
            registry=around.registry,
            service=service,
            backend=backend,
            registry_client=client,
            http=http,
            api_key=api_key,
            senders=around.senders,
        )


def _thin(suffix: str) -> Tld:
    return Tld(suffix, data_model=DataModel.MINIMUM, required=())


def _publish_zones(dns: DnsServer, keys: Path) -> dict[str, MailDomain]:
    senders = {
        name: MailDomain.publish(dns, name, keys)
        for name in ("offers.example", "home.example", "bank.example", "bulk.example")
    }
    # A domain without any record of a sender's, as spam comes from.
    publish_receiver(dns, "lottery-desk.example")
    publish_receiver(dns, "neighbours.example")
    publish_receiver(dns, "photos.example")
    publish_receiver(dns, RELAY_DOMAIN)
    dns.set(RELAY_DOMAIN, "TXT", "v=spf1 ip4:127.0.0.1 -all")
    dns.set(f"_dmarc.{RELAY_DOMAIN}", "TXT", "v=DMARC1; p=reject")
    return senders


def _write_settings(
    folder: Path, dns: DnsServer, sink: MailSink, registry: SandboxRegistry, authority: CertificateAuthority
) -> Path:
    secret = folder / "registry.password"
    secret.touch(mode=0o600)
    secret.write_text(_PASSWORD)
    file = folder / "whoisproxy.toml"
    file.write_text(
        _CONFIGURATION.format(
            nameserver=dns.nameserver,
            # Pages are told in links where they are.
            portal_port=free_port(),
            sink_port=sink.port,
            relay_domain=RELAY_DOMAIN,
            grace_s=GRACE_S,
            registry_port=registry.port,
            account=_ACCOUNT,
            ca_file=authority.ca_file,
        )
    )
    return file
