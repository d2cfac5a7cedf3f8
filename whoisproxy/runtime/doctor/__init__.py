"""First checks of an installation: database, keys, the relay's DNS and host, RDAP, registries, engines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from mailrelay.delivery.mta_sts import StsPolicies
from mailrelay.delivery.tls_report import TlsReports
from mailrelay.dns import DnsTemporaryError, Resolver
from whoisproxy.config import Settings
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.doctor import engines, installation, mail_domain, mail_host, rdap, transport
from whoisproxy.runtime.doctor.finding import Finding, Health
from whoisproxy.runtime.mail.names import resolver_of

__all__ = ["Finding", "Health", "examine"]

_LIFETIME_S = 5.0

_Check = Callable[[Settings, Resolver], Awaitable[list[Finding]]]
# What the DNS is asked about, for the finding that no name server answers, and check.
_CHECKS: tuple[tuple[str, _Check], ...] = (
    ("MX of {relay}", mail_domain.mx),
    ("SPF of {relay}", mail_domain.spf),
    ("DKIM of {relay}", mail_domain.dkim),
    ("DMARC of {relay}", mail_domain.dmarc),
    ("addresses of {relay}", mail_host.addresses),
    ("TLSRPT of {relay}", transport.tls_reports),
    ("DANE of {relay}", transport.dane),
    ("addresses of RDAP", rdap.rdap_host),
)


async def examine(
    settings: Settings, policies: Callable[[Resolver], StsPolicies] | None = None
) -> AsyncIterator[Finding]:
    """Check one thing after the other.

    Args:
        settings: Of the installation.
        policies: Fetches MTA-STS policies; None does so as others do who write to us.
    """
    yield await installation.database(settings)
    resolver = resolver_of(settings, lifetime_s=_LIFETIME_S)
    sts = policies(resolver) if policies else StsPolicies(resolver, TlsReports(utc_now), public_only=False)

    async def mta_sts(settings: Settings, resolver: Resolver) -> list[Finding]:
        return await transport.mta_sts(settings, resolver, sts)

    checks = (*_CHECKS, ("MTA-STS of {relay}", mta_sts))
    # At once: where no name server answers, each of them takes the whole time.
    for findings in await asyncio.gather(*(_asked(*check, settings, resolver) for check in checks)):
        for finding in findings:
            yield finding
    for finding in rdap.rdap_files(settings):
        yield finding
    async for finding in installation.accounts(settings):
        yield finding
    async for finding in engines.engines(settings):
        yield finding
    yield installation.pages(settings)
    async for finding in installation.ports(settings):
        yield finding


async def _asked(subject: str, check: _Check, settings: Settings, resolver: Resolver) -> list[Finding]:
    try:
        return await check(settings, resolver)
    except DnsTemporaryError:
        name = subject.format(relay=settings.relay.domain)
        return [Finding(name, Health.FAILED, "no name server answers")]
