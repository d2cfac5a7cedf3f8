"""What sends mail, from its parts: routes with their TLS policies, and sessions with mail servers."""

from datetime import timedelta
from functools import partial

from mailrelay.delivery.client import SmtpClient
from mailrelay.delivery.deliverer import Deliverer
from mailrelay.delivery.exchange import Timeouts
from mailrelay.delivery.failures import Reports
from mailrelay.delivery.mailbox_failures import MailboxFailures
from mailrelay.delivery.mta_sts import StsPolicies
from mailrelay.delivery.opening import Login, Opener
from mailrelay.delivery.pool import Pool, PoolLimits
from mailrelay.delivery.preparation import Preparation
from mailrelay.delivery.routing import Router, RoutingRules, Target
from mailrelay.delivery.schedule import RETRY_AFTER, Schedule
from mailrelay.delivery.tls_policy import Contexts, Demand, TlsPolicy
from mailrelay.delivery.tls_report import TlsReports
from mailrelay.delivery.worker import DeliveryWorker
from mailrelay.directory import Directory, MailboxHealth
from mailrelay.dns import Resolver
from mailrelay.notices import OwnerNotices
from whoisproxy.config import ConfigurationError, Delivery, Settings
from whoisproxy.runtime.contact_form import contact_form
from whoisproxy.runtime.contact_pages import contact_page
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.keys import answer_ids, links, return_addresses, signer_of

_SMARTHOST_TLS = {
    "none": TlsPolicy(Demand.CLEAR),
    "starttls": TlsPolicy(Demand.VERIFIED),
    "implicit": TlsPolicy(Demand.VERIFIED, implicit=True),
}


def delivery_worker(  # noqa: PLR0913, PLR0917 - what all of a mail process shares
    core: Core,
    directory: Directory,
    health: MailboxHealth,
    resolver: Resolver,
    tls_reports: TlsReports,
    worker_id: str,
) -> DeliveryWorker:
    """Return the worker that empties the mail queue."""
    settings = core.settings
    reports = Reports(settings.smtp.hostname, partial(contact_page, settings))
    deliverer = Deliverer(
        store=core.queue,
        preparation=preparation_of(core, directory),
        router=_router_of(settings, resolver, tls_reports),
        client=_client_of(settings, tls_reports),
        signer=signer_of(settings),
        reports=reports,
        notices=OwnerNotices(directory, settings.relay.domain, core.clock, links(settings)),
        mailboxes=MailboxFailures(
            health=health,
            store=core.queue,
            reports=reports,
            directory=directory,
            clock=core.clock,
            worker_id=worker_id,
        ),
        clock=core.clock,
        worker_id=worker_id,
        schedule=_schedule_of(settings),
        answered=(core.learning.answered, contact_form(core).answered),
    )
    return DeliveryWorker(
        store=core.queue,
        deliverer=deliverer,
        worker_id=worker_id,
        concurrency=settings.delivery.workers,
    )


def preparation_of(core: Core, directory: Directory) -> Preparation:
    """Return what rewrites messages."""
    settings = core.settings
    return Preparation(
        directory=directory,
        store=core.queue,
        bounces=return_addresses(settings),
        answer_ids=answer_ids(settings),
        links=links(settings),
        relay_domain=settings.relay.domain,
        relay_host=settings.smtp.hostname,
        operator_mailbox=settings.relay.operator_mailbox or "",
        clock=core.clock,
        seals_arc=settings.authentication.arc_sealing,
    )


def _router_of(settings: Settings, resolver: Resolver, reports: TlsReports) -> Router:
    """Return what finds mail servers."""
    delivery = settings.delivery
    public_only = not delivery.allow_private_addresses
    rules = RoutingRules(
        port=delivery.port,
        smarthost=_smarthost(delivery),
        public_only=public_only,
        families=delivery.address_families,
        own_host=settings.smtp.hostname,
    )
    return Router(resolver, rules, StsPolicies(resolver, reports, public_only=public_only))


def _client_of(settings: Settings, reports: TlsReports) -> SmtpClient:
    """Return what sends.

    Raises:
        ConfigurationError: The password of the smarthost cannot be read.
    """
    delivery = settings.delivery
    timeouts = Timeouts(delivery.timeout_s)
    opener = Opener(settings.smtp.hostname, timeouts, Contexts(), reports, _login(delivery))
    return SmtpClient(Pool(opener.open, PoolLimits(per_server=delivery.connections_per_server)))


def _schedule_of(settings: Settings) -> Schedule:
    """Return when messages are tried again."""
    waits = tuple(timedelta(seconds=wait_s) for wait_s in settings.delivery.retry_after_s)
    return Schedule(waits or RETRY_AFTER)


def _smarthost(delivery: Delivery) -> Target | None:
    if not delivery.smarthost:
        return None
    host, _, port = delivery.smarthost.rpartition(":")
    name = host.strip("[]")
    return Target(name, name, int(port), _SMARTHOST_TLS[delivery.smarthost_tls])


def _login(delivery: Delivery) -> Login | None:
    if delivery.smarthost_password_file is None:
        return None
    try:
        password = delivery.smarthost_password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{delivery.smarthost_password_file}: cannot be read") from None
    return Login(delivery.smarthost_username, password)
