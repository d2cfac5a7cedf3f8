"""The relay from its parts: the server that takes mail and the worker that delivers it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import dns.resolver

from mailrelay.addresses import BounceAddresses
from mailrelay.delivery.deliverer import Deliverer
from mailrelay.delivery.failures import Reports
from mailrelay.delivery.mailbox_failures import MailboxFailures
from mailrelay.delivery.preparation import Preparation
from mailrelay.delivery.signing import Signer
from mailrelay.delivery.tls_report import TlsReports
from mailrelay.delivery.worker import DeliveryWorker
from mailrelay.dns import Resolver
from mailrelay.inbound import Inbound
from mailrelay.server import MailServer, ServerLimits
from mailrelay.server.tls import RenewedCertificate
from whoisproxy.config import ConfigurationError, Settings
from whoisproxy.runtime.core import Core, utc_now
from whoisproxy.runtime.key_files import secret_key, server_tls
from whoisproxy.runtime.mail_checks import chains_of
from whoisproxy.runtime.sending import client_of, router_of, schedule_of
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.relay_directory import RelayDirectory

_BOUNCE_KEY = "return-addresses.key"
_DKIM_KEY = "dkim.pem"
_TLS_FILE = "smtp-tls.pem"


@dataclass(frozen=True, slots=True)
class MailPlace:
    """Which of several mail processes one is.

    Attributes:
        number: From 0.
        processes: How many there are.
    """

    number: int = 0
    processes: int = 1

    def share(self, limit: int) -> int:
        """Return this process's part of a limit that is meant for all of them together."""
        return -(-limit // self.processes)


@dataclass(frozen=True, slots=True)
class RunningMail:
    """Mail that is taken and delivered.

    Attributes:
        ports: Where it is taken, by name of the listener.
        worker: Delivers; it ends before it is told to only by a fault of ours.
    """

    ports: Mapping[str, int]
    worker: asyncio.Task[None]


def listeners(settings: Settings) -> dict[str, tuple[str, int]]:
    """Return host and port of every listener that takes mail, by name."""
    smtp = settings.smtp
    ports = {"smtp": smtp.port, "smtps": smtp.tls_port}
    return {name: (smtp.host, port) for name, port in ports.items() if name == "smtp" or port}


def prepare_keys(settings: Settings) -> None:
    """Make the keys that mail needs, so that several processes find the same.

    Raises:
        ConfigurationError: A file holds something else.
    """
    signer_of(settings)
    _bounces(settings)
    _certificate(settings)


@asynccontextmanager
async def mail_role(
    core: Core, sockets: Mapping[str, socket.socket] | None = None
) -> AsyncIterator[RunningMail]:
    """Take and deliver mail.

    Args:
        core: The services.
        sockets: Listening sockets by name of the listener; without them they are opened here.

    Raises:
        OSError: An address cannot be listened at.
    """
    stop = asyncio.Event()
    worker = delivery_worker(core, f"{socket.gethostname()}-{os.getpid()}")
    working = asyncio.create_task(worker.run(stop))
    try:
        server = mail_server(core)
        await server.start(sockets)
        try:
            yield RunningMail(server.ports, working)
        finally:
            # Nobody new is let in while the last messages go out.
            await server.close()
    finally:
        stop.set()
        await working


def resolver_of(settings: Settings, lifetime_s: float | None = None) -> Resolver:
    """Return a resolver on the configured name servers, or on those of the system.

    Args:
        settings: They name the servers and the time that each has.
        lifetime_s: For one question with all its retries; None for three times what a server has.
    """
    nameservers = settings.dns.nameservers or tuple(
        f"[{server}]:53" if ":" in str(server) else f"{server}:53"
        for server in dns.resolver.Resolver().nameservers
    )
    timeout_s = settings.dns.timeout_s
    return Resolver(
        nameservers,
        timeout_s=timeout_s,
        lifetime_s=lifetime_s or 3 * timeout_s,
        validating=settings.dns.validating,
    )


def signer_of(settings: Settings) -> Signer:
    """Return the signer of the relay domain; its key is made on the first start.

    Raises:
        ConfigurationError: The file holds no key.
    """
    file = settings.keys.folder / _DKIM_KEY
    try:
        return Signer.load_or_create(file, settings.relay.domain, settings.relay.dkim_selector, utc_now)
    except (ValueError, TypeError):
        raise ConfigurationError(f"{file}: holds no RSA or Ed25519 key in PEM form") from None


def dkim_record(settings: Settings) -> tuple[str, str]:
    """Return name and text of the TXT record that the relay domain must publish."""
    return signer_of(settings).dns_record()


def mail_server(core: Core) -> MailServer:
    """Return the inbound server, not yet listening."""
    settings = core.settings
    smtp, resolver = settings.smtp, resolver_of(settings)
    inbound = Inbound(
        chains=chains_of(core, resolver),
        directory=_directory(core),
        resolver=resolver,
        store=core.queue,
        bounces=_bounces(settings),
        relay_domain=settings.relay.domain,
        authserv_id=smtp.hostname,
        clock=core.clock,
        takes_operator_mail=settings.relay.operator_mailbox is not None,
        validates_arc=settings.authentication.arc,
    )
    return MailServer(
        inbound,
        host=smtp.host,
        port=smtp.port,
        hostname=smtp.hostname,
        tls=_certificate(settings),
        tls_port=smtp.tls_port or None,
        proxies=smtp.proxy_protocol_from,
        greet_delay_s=smtp.greet_delay_s,
        limits=ServerLimits(
            size_octets=smtp.size_octets,
            connections=smtp.connections,
            connections_per_address=smtp.connections_per_address,
            connections_per_network=smtp.connections_per_network,
        ),
    )


def _certificate(settings: Settings) -> RenewedCertificate:
    smtp, own = settings.smtp, settings.keys.folder / _TLS_FILE
    files = [file for file in (smtp.tls_certificate or own, smtp.tls_key) if file is not None]
    return RenewedCertificate(
        files, lambda: server_tls(smtp.tls_certificate, smtp.tls_key, own, smtp.hostname)
    )


def delivery_worker(core: Core, worker_id: str) -> DeliveryWorker:
    """Return the worker that empties the mail queue."""
    settings, health = core.settings, MailboxHealth(core.storage, core.clock)
    directory = RelayDirectory(core.storage, settings.relay.domain, core.clock, health)
    hostname, domain = settings.smtp.hostname, settings.relay.domain
    tls_reports = TlsReports(core.clock)
    reports = Reports(hostname, domain, settings.relay.contact_url)
    deliverer = Deliverer(
        store=core.queue,
        preparation=Preparation(
            directory=directory,
            store=core.queue,
            bounces=_bounces(settings),
            relay_domain=domain,
            relay_host=hostname,
            operator_mailbox=settings.relay.operator_mailbox or "",
            clock=core.clock,
        ),
        router=router_of(settings, resolver_of(settings), tls_reports),
        client=client_of(settings, tls_reports),
        signer=signer_of(settings),
        reports=reports,
        mailboxes=MailboxFailures(
            health=health,
            store=core.queue,
            reports=reports,
            directory=directory,
            clock=core.clock,
            worker_id=worker_id,
        ),
        directory=directory,
        clock=core.clock,
        worker_id=worker_id,
        schedule=schedule_of(settings),
    )
    return DeliveryWorker(
        store=core.queue,
        deliverer=deliverer,
        worker_id=worker_id,
        concurrency=settings.delivery.workers,
    )


def _directory(core: Core) -> RelayDirectory:
    health = MailboxHealth(core.storage, core.clock)
    return RelayDirectory(core.storage, core.settings.relay.domain, core.clock, health)


def _bounces(settings: Settings) -> BounceAddresses:
    return BounceAddresses(secret_key(settings.keys.folder / _BOUNCE_KEY), settings.relay.domain)
