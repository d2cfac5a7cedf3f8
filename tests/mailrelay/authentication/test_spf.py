"""SPF beyond the suite: what is asked and answered around an evaluation."""

import pytest

from mailrelay.authentication.results import Result, SpfResult
from mailrelay.authentication.spf import check_spf, check_spf_from_cache
from mailrelay.dns import Resolver
from whoisproxy.demo.dns_server import DnsServer

PEER = "192.0.2.25"


@pytest.mark.parametrize(
    "domain", ["", "localhost", "[192.0.2.1]", "192.0.2.1", "a..example", "x" * 64 + ".example"]
)
async def test_what_is_no_domain_name_is_not_asked_about(
    domain: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    for reverse_path in (f"ann@{domain}", ""):
        assert (await check_spf(PEER, domain, reverse_path, resolver)).result is Result.NONE
    assert dns_server.queries == []


async def test_the_null_reverse_path_is_checked_by_the_name_of_the_client(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("mx.home.example", "TXT", f"v=spf1 ip4:{PEER} -all")
    found = await check_spf(PEER, "mx.home.example", "", resolver)
    assert found == SpfResult(Result.PASS, "mx.home.example", helo=True)


async def test_only_what_is_not_cached_is_asked_for(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("home.example", "TXT", "v=spf1 include:one.example include:two.example a mx -all")
    dns_server.set("one.example", "TXT", "v=spf1 ip4:198.51.100.1 -all")
    dns_server.set("two.example", "TXT", "v=spf1 exists:%{i}._spf.%{d} -all")
    dns_server.set("home.example", "A", "192.0.2.1")
    dns_server.set("home.example", "MX", "10 mx.home.example.")
    dns_server.set("mx.home.example", "A", PEER)
    assert check_spf_from_cache(PEER, "x.example", "ann@home.example", resolver) is None
    first = await check_spf(PEER, "x.example", "ann@home.example", resolver)
    assert first == SpfResult(Result.PASS, "home.example")
    asked = len(dns_server.queries)
    assert len(set(dns_server.queries)) == asked
    assert check_spf_from_cache(PEER, "x.example", "ann@home.example", resolver) == first
    # Another client's macro is another question; the rest is known.
    other = await check_spf("192.0.2.26", "x.example", "ann@home.example", resolver)
    assert other.result is Result.FAIL
    assert dns_server.queries[asked:] == [("192.0.2.26._spf.two.example", "A")]


@pytest.mark.parametrize("name", ["home.example", "one.example"])
async def test_a_failed_look_up_is_a_temporary_error(
    name: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("home.example", "TXT", "v=spf1 include:one.example -all")
    dns_server.set("one.example", "TXT", "v=spf1 -all")
    dns_server.fail(name)
    found = await check_spf(PEER, "x.example", "ann@home.example", resolver)
    assert found == SpfResult(Result.TEMPERROR, "home.example")


async def test_one_client_is_not_taken_for_another(dns_server: DnsServer, resolver: Resolver) -> None:
    """What is remembered of addresses and terms is not mixed up between evaluations."""
    dns_server.set("home.example", "TXT", f"v=spf1 ip4:{PEER} ip6:2001:db8::/32 -all")
    wanted = {
        PEER: "pass",
        "192.0.2.26": "fail",
        "2001:db8::1": "pass",
        f"::ffff:{PEER}": "pass",
        "nonsense": "permerror",
    }
    for _ in range(2):
        got = {
            ip: (await check_spf(ip, "x.example", "ann@home.example", resolver)).result.value for ip in wanted
        }
        assert got == wanted


async def test_a_result_is_kept_no_longer_than_the_answers_it_came_from(dns_server: DnsServer) -> None:
    now_s = 1000.0
    resolver = Resolver([dns_server.nameserver], monotonic=lambda: now_s)
    dns_server.set("home.example", "TXT", "v=spf1 include:one.example -all")

    async def check(sender: str = "ann") -> Result:
        return (await check_spf(PEER, "x.example", f"{sender}@home.example", resolver)).result

    for network, wanted in ((PEER, Result.PASS), ("198.51.100.1", Result.FAIL), (PEER, Result.PASS)):
        dns_server.set("one.example", "TXT", f"v=spf1 ip4:{network} -all")
        found = [await check(), await check(), await check("bob")]
        now_s += 61
        assert found == [wanted] * 3
        assert check_spf_from_cache(PEER, "x.example", "ann@home.example", resolver) is None


async def test_a_result_for_one_sender_is_not_taken_for_another(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    """What macros may look at, and what stands behind the first @ (pyspf takes that for the domain)."""
    dns_server.set("home.example", "TXT", "v=spf1 exists:%{l}.%{h}.ok.example -all")
    dns_server.set("ann.x.example.ok.example", "A", "127.0.0.2")
    dns_server.set("other.example", "TXT", "v=spf1 +all")
    wanted = {
        ("x.example", "ann@home.example"): Result.PASS,
        ("x.example", "bob@home.example"): Result.FAIL,
        ("y.example", "ann@home.example"): Result.FAIL,
        ("x.example", "ann@other.example"): Result.PASS,
        ("x.example", '"a@b"@other.example'): Result.NONE,
        ("other.example", ""): Result.PASS,
    }
    for _ in range(3):
        found = {asked: (await check_spf(PEER, *asked, resolver)).result for asked in wanted}
        assert found == wanted
