"""MTA-STS: policies are found, verified, kept, and mean what RFC 8461 says."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.delivery.mta_sts import Mode, StsPolicies, StsPolicy, parse_policy, policy_id
from mailrelay.delivery.routing import Router, RoutingRules
from mailrelay.delivery.tls_policy import Demand
from mailrelay.delivery.tls_report import Counts, TlsReports
from mailrelay.dns import Resolver
from mailrelay.errors import TemporaryMailError
from tests.mailrelay.delivery.certificates import authority, issued
from tests.mailrelay.delivery.policy_server import PolicyServer, policy_server
from tests.mailrelay.delivery.sending import NOON
from whoisproxy.demo.dns_server import DnsServer

POLICY = (
    "version: STSv1\r\nmode: enforce\r\nmx: *.home.example\r\nmx: mail.other.example\r\nmax_age: 86400\r\n"
)
ENFORCED = StsPolicy(Mode.ENFORCE, 86400, ("*.home.example", "mail.other.example"))
TWICE = "version: STSv1\nmode: testing\nmx: A.b\nx: y\nmode: none\nmax_age: 9999999999"
AUTHORITY = authority()


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (["v=STSv1; id=20260601T120000;"], "20260601T120000"),
        (["v=spf1 -all", "v=STSv1; id=1"], "1"),
        (["v=STSv1; other=x; id=abc"], "abc"),
        (["v=STSv1; id=1", "v=STSv1; id=2"], ""),
        (["v=STSv1;"], ""),
        (["v=STSv1; id=not-alphanumeric"], ""),
        (["v=STSv2; id=1"], ""),
        ([], ""),
    ],
)
def test_the_record_says_whether_there_is_a_policy(records: list[str], found: str) -> None:
    assert policy_id(records) == found


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (POLICY, ENFORCED),
        (POLICY.replace("\r\n", "\n"), ENFORCED),
        ("version: STSv1\nmode: none\nmax_age: 1\n", StsPolicy(Mode.NONE, 1)),
        (TWICE, StsPolicy(Mode.TESTING, 31_557_600, ("a.b",))),
    ],
)
def test_policies_are_read(text: str, policy: StsPolicy) -> None:
    assert parse_policy(text) == policy


@pytest.mark.parametrize(
    "change",
    [
        ("STSv1", "STSv2"),
        ("enforce", "maybe"),
        ("max_age: 86400", "max_age: soon"),
        ("mx", "my"),
        ("*.home", "*.*.home"),
    ],
)
def test_what_is_no_policy_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_policy(POLICY.replace(*change))


@given(st.text(max_size=300))
def test_any_text_is_a_policy_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_policy(text).max_age_s >= 0


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("mx.home.example", True),
        ("mail.other.example", True),
        ("home.example", False),
        ("a.mx.home.example", False),
        ("other.example", False),
    ],
)
def test_a_star_stands_for_one_label(host: str, *, covered: bool) -> None:
    assert parse_policy(POLICY).covers(host) is covered


@dataclass
class Domain:
    """home.example with its MX, its policy and whoever asks for it."""

    dns: DnsServer
    server: PolicyServer
    policies: StsPolicies
    reports: TlsReports
    resolver: Resolver
    now_s: list[float]

    async def targets(self) -> list[tuple[str, Demand]]:
        router = Router(self.resolver, RoutingRules(), self.policies, chance=lambda: 0.5)
        return [(one.host, one.tls.demand) for one in (await router.route("home.example")).targets]

    def failures(self) -> dict[str, int]:
        counted = self.reports.take().get(NOON.date(), Counts())
        return {result: count for (_, _, result), count in counted.items() if result != "success"}

    def announce(self, record_id: str) -> None:
        self.dns.set("_mta-sts.home.example", "TXT", f"v=STSv1; id={record_id}")
        self.resolver._cache.clear()


@pytest.fixture
async def domain(dns_server: DnsServer, resolver: Resolver, tmp_path: Path) -> AsyncIterator[Domain]:
    dns_server.set("home.example", "MX", "10 mx.home.example.", "20 mx.stranger.example.")
    for host in ("mx.home.example", "mx.stranger.example", "mta-sts.home.example"):
        dns_server.set(host, "A", "127.0.0.1")
    context = issued(AUTHORITY, "mta-sts.home.example").server_context(tmp_path)
    async with policy_server(context, POLICY) as server:
        reports, now_s = TlsReports(lambda: NOON), [0.0]
        policies = StsPolicies(
            resolver,
            reports,
            public_only=False,
            port=server.port,
            context=AUTHORITY.trusting_context(),
            monotonic=lambda: now_s[0],
        )
        made = Domain(dns_server, server, policies, reports, resolver, now_s)
        made.announce("1")
        yield made


async def test_an_enforced_policy_leaves_only_its_own_servers_verified(domain: Domain) -> None:
    assert await domain.targets() == [("mx.home.example", Demand.VERIFIED)]
    assert domain.server.asked == ["mta-sts.home.example/.well-known/mta-sts.txt"]


async def test_a_policy_under_test_keeps_every_server(domain: Domain) -> None:
    domain.server.text = POLICY.replace("enforce", "testing")

    assert await domain.targets() == [
        ("mx.home.example", Demand.TESTING),
        ("mx.stranger.example", Demand.OPPORTUNISTIC),
    ]


async def test_when_no_server_is_the_policys_mail_waits(domain: Domain) -> None:
    domain.server.text = POLICY.replace("*.home.example", "nobody.example")

    with pytest.raises(TemporaryMailError, match="sts-names-no-such-server"):
        await domain.targets()


async def test_a_policy_is_fetched_again_only_when_its_id_changes_or_its_age_is_over(domain: Domain) -> None:
    await domain.targets()
    await domain.targets()
    assert len(domain.server.asked) == 1

    domain.announce("2")
    await domain.targets()
    assert len(domain.server.asked) == 2

    domain.now_s[0] += 86400
    await domain.targets()
    assert len(domain.server.asked) == 3


@pytest.mark.parametrize("fault", ["gone", "redirect", "html", "nonsense", "endless", "record", "dns"])
async def test_a_kept_policy_outlives_whatever_hides_the_new_one(domain: Domain, fault: str) -> None:
    await domain.targets()
    domain.announce("2")
    _break(domain, fault)

    assert await domain.targets() == [("mx.home.example", Demand.VERIFIED)]


@pytest.mark.parametrize(
    ("fault", "counted"),
    [
        ("gone", {"sts-policy-fetch-error": 1}),
        ("redirect", {"sts-policy-fetch-error": 1}),
        ("html", {"sts-policy-invalid": 1}),
        ("nonsense", {"sts-policy-invalid": 1}),
        ("endless", {"sts-policy-invalid": 1}),
        ("record", {}),
        ("dns", {}),
    ],
)
async def test_a_policy_that_was_never_seen_cannot_be_enforced(
    domain: Domain, fault: str, counted: dict[str, int]
) -> None:
    _break(domain, fault)

    for _ in range(2):
        assert [demand for _, demand in await domain.targets()] == [Demand.OPPORTUNISTIC] * 2
    assert domain.failures() == counted
    assert len(domain.server.asked) <= 1


def _break(domain: Domain, fault: str) -> None:
    match fault:
        case "gone":
            domain.server.status = 404
        case "redirect":
            domain.server.status = 301
        case "html":
            domain.server.content_type = "text/html"
        case "nonsense":
            domain.server.text = "hello"
        case "endless":
            domain.server.text = POLICY + "x: y\n" * 20_000
        case "record":
            domain.dns.set("_mta-sts.home.example", "TXT")
        case _:
            domain.dns.fail("_mta-sts.home.example")


async def test_a_policy_host_with_another_certificate_is_not_believed(domain: Domain, tmp_path: Path) -> None:
    context = issued(AUTHORITY, "other.example").server_context(tmp_path)
    async with policy_server(context, POLICY) as impostor:
        domain.policies._port = impostor.port

        assert [demand for _, demand in await domain.targets()] == [Demand.OPPORTUNISTIC] * 2
    assert domain.failures() == {"sts-webpki-invalid": 1}


async def test_a_policy_host_in_our_own_network_is_not_called(domain: Domain) -> None:
    domain.policies._public_only = True

    await domain.targets()

    assert (domain.server.asked, domain.failures()) == ([], {"sts-policy-fetch-error": 1})
