"""The doctor tells what RDAP lacks: https, both kinds of addresses, a good certificate, a fresh file."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.dns import Resolver
from tests.support.certificates import write_certificate
from whoisproxy.config import Settings
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.doctor import Health
from whoisproxy.runtime.doctor.rdap import rdap_files, rdap_host
from whoisproxy.runtime.mail.names import resolver_of

HOST = "rdap.cloak.example"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with DnsServer() as server:
        yield server


def settings_of(**rdap: object) -> Settings:
    return Settings.model_validate({"rdap": {"base_url": f"https://{HOST}/rdap", **rdap}})


def _resolver(dns: DnsServer) -> Resolver:
    return resolver_of(Settings.model_validate({"dns": {"nameservers": [dns.nameserver]}}))


@pytest.mark.parametrize(
    ("records", "health", "advice"),
    [
        ({"A": "192.0.2.1", "AAAA": "2001:db8::1"}, Health.OK, ""),
        ({"A": "192.0.2.1"}, Health.WARNING, f"publish: {HOST}. AAAA"),
        ({"AAAA": "2001:db8::1"}, Health.WARNING, f"publish: {HOST}. A"),
        ({}, Health.FAILED, f"publish: {HOST}. A and AAAA"),
    ],
)
async def test_20400_20401_both_kinds_of_addresses_are_wanted(
    dns: DnsServer, records: dict[str, str], health: Health, advice: str
) -> None:
    for kind, value in records.items():
        dns.set(HOST, kind, value)
    [finding] = await rdap_host(settings_of(), _resolver(dns))
    assert (finding.health, finding.advice) == (health, advice)


@pytest.mark.parametrize(
    "url", ["http://rdap.cloak.example", "https://192.0.2.1", "https://[2001:db8::1]:444/x"]
)
async def test_20100_only_https_at_a_name_is_good(dns: DnsServer, url: str) -> None:
    [finding] = await rdap_host(settings_of(base_url=url), _resolver(dns))
    assert finding.health is Health.WARNING


@pytest.mark.parametrize(
    ("host", "days", "health"),
    [
        (HOST, 60, Health.OK),
        (HOST.upper(), 60, Health.OK),
        ("*.cloak.example", 60, Health.OK),
        (HOST, 10, Health.WARNING),
        (HOST, -1, Health.FAILED),
        ("*.example", 60, Health.FAILED),
        ("cloak.example", 60, Health.FAILED),
        ("192.0.2.1", 60, Health.FAILED),
    ],
)
def test_a_certificate_is_for_the_base_urls_host_and_lasts(
    tmp_path: Path, host: str, days: int, health: Health
) -> None:
    write_certificate(tmp_path / "rdap.pem", host, days=days)
    [finding] = rdap_files(settings_of(tls_certificate=tmp_path / "rdap.pem"))
    assert finding.health is health


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    settings = settings_of(tls_certificate=tmp_path / "none.pem", bootstrap=tmp_path / "dns.json")
    findings = list(rdap_files(settings))
    assert {finding.health for finding in findings} == {Health.FAILED}
    assert ["none.pem" in findings[0].advice, "dns.json" in findings[1].advice] == [True, True]


@pytest.mark.parametrize(("age_days", "health"), [(3, Health.OK), (40, Health.WARNING)])
def test_an_old_bootstrap_file_is_to_be_fetched_again(tmp_path: Path, age_days: int, health: Health) -> None:
    published = (utc_now() - timedelta(days=age_days)).isoformat()
    (tmp_path / "dns.json").write_text(json.dumps({"publication": published, "services": []}))
    [finding] = rdap_files(settings_of(bootstrap=tmp_path / "dns.json"))
    assert finding.health is health
