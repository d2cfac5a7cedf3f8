"""The doctor tells what the relay domain and its host lack, and what to publish, record by record."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailrelay.delivery.mta_sts import StsPolicies
from mailrelay.delivery.tls_report import TlsReports
from mailrelay.dns import Resolver
from tests.mailrelay.delivery.certificates import authority, issued
from tests.mailrelay.delivery.policy_server import PolicyServer, policy_server
from whoisproxy.config import Settings, load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.doctor import Finding, Health, examine
from whoisproxy.runtime.key_files import server_tls
from whoisproxy.runtime.mail.keys import dkim_keys, smtp_certificate

DOMAIN, HOST = "relay.example", "mx.relay.example"
POLICY = f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 86400\n"
AUTHORITY = authority()


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with DnsServer() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    for name in ("API", "RDAP", "PORTAL", "WHOIS", "SMTP"):
        monkeypatch.setenv(f"WHOISPROXY_{name}__PORT", "0")
    monkeypatch.setenv("WHOISPROXY_DNS__NAMESERVERS", json.dumps([dns.nameserver]))
    monkeypatch.setenv("WHOISPROXY_RELAY__DOMAIN", DOMAIN)
    monkeypatch.setenv("WHOISPROXY_PORTAL__BASE_URL", f"https://mail.{DOMAIN}")
    monkeypatch.setenv("WHOISPROXY_RDAP__BASE_URL", f"https://rdap.{DOMAIN}")
    monkeypatch.setenv("WHOISPROXY_SMTP__HOSTNAME", HOST)
    return load()


@pytest.fixture
async def policies(tmp_path: Path) -> AsyncIterator[tuple[PolicyServer, Callable[[Resolver], StsPolicies]]]:
    context = issued(AUTHORITY, f"mta-sts.{DOMAIN}").server_context(tmp_path)
    async with policy_server(context, POLICY) as server:
        trusting = AUTHORITY.trusting_context()
        yield (
            server,
            lambda resolver: StsPolicies(
                resolver, TlsReports(utc_now), public_only=False, port=server.port, context=trusting
            ),
        )


async def _examined(settings: Settings, policies: Callable[[Resolver], StsPolicies]) -> dict[str, Finding]:
    return {finding.subject: finding async for finding in examine(settings, policies)}


def _publish_all(dns: DnsServer, settings: Settings) -> None:
    dns.set(DOMAIN, "MX", f"10 {HOST}.")
    dns.set(HOST, "A", "127.0.0.1")
    dns.set("1.0.0.127.in-addr.arpa", "PTR", f"{HOST}.")
    dns.set(DOMAIN, "TXT", "v=spf1 mx -all")
    dns.set(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject")
    dns.set(f"_smtp._tls.{DOMAIN}", "TXT", f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    dns.set(f"_mta-sts.{DOMAIN}", "TXT", "v=STSv1; id=1")
    dns.set(f"mta-sts.{DOMAIN}", "A", "127.0.0.1")
    dns.set(f"rdap.{DOMAIN}", "A", "127.0.0.1")
    dns.set(f"rdap.{DOMAIN}", "AAAA", "::1")
    for key in dkim_keys(settings).all():
        dns.set(f"{key.selector}._domainkey.{DOMAIN}", "TXT", key.record)


async def test_where_everything_is_published_all_is_well(
    settings: Settings, dns: DnsServer, policies: tuple[PolicyServer, Callable[[Resolver], StsPolicies]]
) -> None:
    _publish_all(dns, settings)
    found = await _examined(settings, policies[1])
    assert {finding.health for finding in found.values()} == {Health.OK}, found


async def test_what_is_missing_is_given_as_records_to_publish(
    settings: Settings, policies: tuple[PolicyServer, Callable[[Resolver], StsPolicies]]
) -> None:
    found = await _examined(settings, policies[1])
    assert found[f"MX of {DOMAIN}"].advice == f"publish: {DOMAIN}. MX 10 {HOST}."
    assert found[f"addresses of {HOST}"].health is Health.FAILED
    assert found[f"SPF of {DOMAIN}"].advice == f'publish: {DOMAIN}. TXT "v=spf1 mx -all"'
    assert found[f"DMARC policy of {DOMAIN}"].health is Health.WARNING
    assert found[f"TLSRPT of {DOMAIN}"].advice.endswith(f'rua=mailto:postmaster@{DOMAIN}"')
    # A character-string holds 255 octets, so a key of 2048 bits takes two (RFC 1035 section 3.3).
    assert found[f"DKIM key whoisproxy of {DOMAIN}"].advice.count('"') == 4


@pytest.mark.parametrize(
    ("name", "kind", "value", "subject"),
    [
        ("1.0.0.127.in-addr.arpa", "PTR", "elsewhere.example.", "PTR of 127.0.0.1"),
        (DOMAIN, "TXT", "v=spf1 ip4:192.0.2.1 -all", f"SPF of {DOMAIN}"),
        (f"whoisproxy._domainkey.{DOMAIN}", "TXT", "v=DKIM1; p=AAAA", f"DKIM key whoisproxy of {DOMAIN}"),
        (f"mta-sts.{DOMAIN}", "A", "127.0.0.2", f"MTA-STS of {DOMAIN}"),
    ],
)
async def test_each_fault_is_found(
    settings: Settings,
    dns: DnsServer,
    policies: tuple[PolicyServer, Callable[[Resolver], StsPolicies]],
    name: str,
    kind: str,
    value: str,
    subject: str,
) -> None:
    _publish_all(dns, settings)
    dns.set(name, kind, value)
    found = await _examined(settings, policies[1])
    assert [one for one in found.values() if one.health is not Health.OK] == [found[subject]]


async def test_a_policy_without_our_host_would_stop_our_mail(
    settings: Settings, dns: DnsServer, policies: tuple[PolicyServer, Callable[[Resolver], StsPolicies]]
) -> None:
    _publish_all(dns, settings)
    server, fetching = policies
    server.text = POLICY.replace(HOST, "mx.elsewhere.example")
    assert (await _examined(settings, fetching))[f"MTA-STS of {DOMAIN}"].health is Health.FAILED


async def test_a_tlsa_record_must_name_the_certificate_that_is_shown(
    settings: Settings, dns: DnsServer, policies: tuple[PolicyServer, Callable[[Resolver], StsPolicies]]
) -> None:
    _publish_all(dns, settings)
    server_tls(None, None, settings.keys.folder / "smtp-tls.pem", HOST)
    [certificate] = smtp_certificate(settings)
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    right = hashlib.sha256(key).hexdigest()

    dns.set(f"_25._tcp.{HOST}", "TLSA", f"3 1 1 {'0' * 64}")
    wrong = (await _examined(settings, policies[1]))[f"DANE of {HOST}"]
    assert wrong.health is Health.FAILED
    assert wrong.advice.endswith(f"_25._tcp.{HOST}. TLSA 3 1 1 {right}")

    dns.set(f"_25._tcp.{HOST}", "TLSA", f"3 1 1 {right}")
    # The zone of this test is not signed, so nobody would use the record.
    assert "DNSSEC" in (await _examined(settings, policies[1]))[f"DANE of {HOST}"].advice
