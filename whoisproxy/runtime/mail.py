"""The relay from its parts: the server that takes mail and the worker that delivers it."""

from datetime import timedelta

import dns.resolver

from mailrelay.addresses import BounceAddresses
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.delivery.client import SmtpClient
from mailrelay.delivery.failures import Reports
from mailrelay.delivery.preparation import Preparation
from mailrelay.delivery.routing import Router
from mailrelay.delivery.signing import Signer
from mailrelay.delivery.worker import DeliveryWorker
from mailrelay.dns import Resolver
from mailrelay.inbound import Inbound
from mailrelay.server import MailServer, ServerLimits
from whoisproxy.config import ConfigurationError, Settings
from whoisproxy.runtime.core import Core, utc_now
from whoisproxy.runtime.key_files import secret_key, server_tls
from whoisproxy.services.relay_directory import RelayDirectory

_BOUNCE_KEY = "return-addresses.key"
_DKIM_KEY = "dkim.pem"
_TLS_FILE = "smtp-tls.pem"


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
    return Resolver(nameservers, timeout_s=timeout_s, lifetime_s=lifetime_s or 3 * timeout_s)


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
    smtp, limits = settings.smtp, settings.limits
    inbound = Inbound(
        chains=build_chains(CheckLimits(**limits.model_dump()), core.clock),
        directory=_directory(core),
        resolver=resolver_of(settings),
        store=core.queue,
        bounces=_bounces(settings),
        relay_domain=settings.relay.domain,
        authserv_id=smtp.hostname,
        clock=core.clock,
        takes_operator_mail=settings.relay.operator_mailbox is not None,
    )
    tls = server_tls(smtp.tls_certificate, smtp.tls_key, settings.keys.folder / _TLS_FILE, smtp.hostname)
    return MailServer(
        inbound,
        host=smtp.host,
        port=smtp.port,
        hostname=smtp.hostname,
        tls=tls,
        limits=ServerLimits(
            size_octets=smtp.size_octets,
            connections=smtp.connections,
            connections_per_address=smtp.connections_per_address,
        ),
    )


def delivery_worker(core: Core, worker_id: str) -> DeliveryWorker:
    """Return the worker that empties the mail queue."""
    settings, directory = core.settings, _directory(core)
    hostname, domain = settings.smtp.hostname, settings.relay.domain
    return DeliveryWorker(
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
        router=_router(settings),
        client=SmtpClient(hostname, settings.delivery.timeout_s),
        signer=signer_of(settings),
        reports=Reports(hostname, domain),
        directory=directory,
        clock=core.clock,
        worker_id=worker_id,
        concurrency=settings.delivery.workers,
        schedule=tuple(timedelta(seconds=after_s) for after_s in settings.delivery.retry_after_s),
    )


def _router(settings: Settings) -> Router:
    delivery = settings.delivery
    public_only = not delivery.allow_private_addresses
    return Router(resolver_of(settings), delivery.port, delivery.smarthost, public_only=public_only)


def _directory(core: Core) -> RelayDirectory:
    return RelayDirectory(core.storage, core.settings.relay.domain, core.clock)


def _bounces(settings: Settings) -> BounceAddresses:
    return BounceAddresses(secret_key(settings.keys.folder / _BOUNCE_KEY), settings.relay.domain)
