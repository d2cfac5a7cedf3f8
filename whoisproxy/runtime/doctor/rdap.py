"""RDAP as the outside needs it: its addresses, its certificate, the bootstrap file of IANA."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from mailrelay.dns import Resolver
from whoisproxy.config import ConfigurationError, Settings
from whoisproxy.rdds_servers.rdap_bootstrap import Bootstrap
from whoisproxy.rdds_servers.rdap_tls import rdap_tls
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.doctor.finding import Finding, Health

_RENEWED_BEFORE = timedelta(days=14)
_FETCHED_WITHIN = timedelta(days=30)


async def rdap_host(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that the service is reached by https, over IPv4 and IPv6."""
    url, subject = settings.rdap.base_url, "RDAP's base URL"
    if not url.startswith("https:"):
        return [Finding(subject, Health.WARNING, "rdap.base_url is not https, as ICANN demands")]
    host = _host(url)
    if _is_address(host):
        return [Finding(subject, Health.WARNING, f"rdap.base_url names an address, {host}: give it a name")]
    found = {"A": await resolver.ipv4(host), "AAAA": await resolver.ipv6(host)}
    missing = [kind for kind, records in found.items() if not records]
    if not missing:
        return [Finding(f"addresses of {host}", Health.OK)]
    health = Health.FAILED if len(missing) == len(found) else Health.WARNING
    return [Finding(f"addresses of {host}", health, f"publish: {host}. {' and '.join(missing)}")]


def rdap_files(settings: Settings) -> Iterator[Finding]:
    """Check the certificate and the bootstrap file, where they are configured."""
    rdap = settings.rdap
    if rdap.tls_certificate:
        yield _certificate(rdap.tls_certificate, rdap.tls_key, _host(rdap.base_url), utc_now())
    if rdap.bootstrap:
        yield _bootstrap(rdap.bootstrap, utc_now())


def _certificate(file: Path, key: Path | None, host: str, now: datetime) -> Finding:
    subject = f"RDAP's certificate for {host}"
    try:
        rdap_tls(file, key)
    except ConfigurationError as error:
        return Finding(subject, Health.FAILED, str(error))
    certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    if not _covers(certificate, host):
        return Finding(subject, Health.FAILED, "it is for other names: clients refuse to connect")
    left = certificate.not_valid_after_utc - now
    if left < _RENEWED_BEFORE:
        health = Health.FAILED if left <= timedelta(0) else Health.WARNING
        return Finding(subject, health, f"renew it: it ends at {certificate.not_valid_after_utc:%Y-%m-%d}")
    return Finding(subject, Health.OK)


def _covers(certificate: x509.Certificate, host: str) -> bool:
    """Whether the certificate is for a host (RFC 9525 section 6), by name, `*.` or address."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if _is_address(host):
        return ip_address(host) in names.get_values_for_type(x509.IPAddress)
    known = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    return not known.isdisjoint({host, f"*.{host.partition('.')[2]}"})


def _bootstrap(file: Path, now: datetime) -> Finding:
    subject = "RDAP's bootstrap file"
    try:
        bootstrap = Bootstrap.read(file)
    except ConfigurationError as error:
        return Finding(subject, Health.FAILED, str(error))
    if now - bootstrap.published_at > _FETCHED_WITHIN:
        advice = f"fetch it again: it is of {bootstrap.published_at:%Y-%m-%d}"
        return Finding(subject, Health.WARNING, advice)
    return Finding(subject, Health.OK)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
