"""Where mail goes: MX, null MX, address, our own network, and the TLS policy of each server."""

import random
from collections.abc import Callable
from hashlib import sha256

import pytest

from mailrelay.delivery.public_addresses import is_public
from mailrelay.delivery.routing import Router, RoutingRules, Target
from mailrelay.delivery.tls_policy import OPPORTUNISTIC, Demand
from mailrelay.dns import Resolver
from mailrelay.errors import PermanentMailError, TemporaryMailError
from whoisproxy.demo.dns_server import DnsServer

DIGEST = sha256(b"x").hexdigest()


@pytest.fixture
def router(dns_server: DnsServer) -> Router:
    dns_server.set("two.example", "MX", "20 b.two.example.", "10 a.two.example.")
    dns_server.set("a.two.example", "A", "127.0.0.2")
    dns_server.set("b.two.example", "A", "127.0.0.3")
    return _router(dns_server)


def _router(dns: DnsServer, *, chance: Callable[[], float] = random.random, **rules: object) -> Router:
    resolver = Resolver([dns.nameserver], timeout_s=0.5, lifetime_s=1.0, validating=True)
    return Router(resolver, RoutingRules(**{"port": 2525, **rules}), chance=chance)  # type: ignore[arg-type]


async def _addresses(router: Router, domain: str) -> list[str]:
    return [target.address for target in (await router.route(domain)).targets]


async def test_servers_come_in_order_of_preference(router: Router) -> None:
    assert await _addresses(router, "two.example") == ["127.0.0.2", "127.0.0.3"]


async def test_equal_servers_come_in_random_order(dns_server: DnsServer) -> None:
    dns_server.set("two.example", "MX", "10 a.two.example.", "10 b.two.example.")
    dns_server.set("a.two.example", "A", "127.0.0.2")
    dns_server.set("b.two.example", "A", "127.0.0.3")
    falling = iter([0.9, 0.1])

    router = _router(dns_server, chance=lambda: next(falling))

    assert await _addresses(router, "two.example") == ["127.0.0.3", "127.0.0.2"]


async def test_a_domain_without_mx_is_its_own_server(router: Router, dns_server: DnsServer) -> None:
    dns_server.set("plain.example", "A", "127.0.0.4")

    route = await router.route("plain.example")

    assert route.targets == (Target("plain.example", "127.0.0.4", 2525, OPPORTUNISTIC),)


async def test_a_domain_in_utf_8_is_looked_up_in_a_labels(router: Router, dns_server: DnsServer) -> None:
    dns_server.set("xn--mller-kva.example", "A", "127.0.0.4")

    assert await _addresses(router, "müller.example") == ["127.0.0.4"]


async def test_a_known_route_asks_the_dns_no_more(router: Router, dns_server: DnsServer) -> None:
    await router.route("two.example")
    asked = len(dns_server.queries)

    await router.route("two.example")

    assert len(dns_server.queries) == asked


@pytest.mark.parametrize(
    ("domain", "kind", "reason"),
    [
        ("none.example", PermanentMailError, "null-mx"),
        ("nowhere.example", PermanentMailError, "no-such-domain"),
        ("empty.example", PermanentMailError, "no-such-domain"),
        ("lost.example", TemporaryMailError, "mx-has-no-address"),
        ("broken.example", TemporaryMailError, "dns-temporary"),
        ("half.example", TemporaryMailError, "dns-temporary"),
        ("[no-address]", PermanentMailError, "bad-recipient"),
        ("ours.example", PermanentMailError, "mail-loop"),
    ],
)
async def test_domains_that_mail_cannot_go_to(
    dns_server: DnsServer, domain: str, kind: type[Exception], reason: str
) -> None:
    dns_server.set("none.example", "MX", "0 .")
    dns_server.set("empty.example", "TXT", "nothing but words")
    dns_server.set("lost.example", "MX", "10 gone.lost.example.")
    dns_server.fail("broken.example")
    dns_server.set("half.example", "MX", "10 mx.broken2.example.")
    dns_server.fail("mx.broken2.example")
    dns_server.set("ours.example", "MX", "10 mx.relay.example.", "20 b.ours.example.")
    dns_server.set("b.ours.example", "A", "127.0.0.3")

    with pytest.raises(kind, match=reason):
        await _router(dns_server, own_host="mx.relay.example").route(domain)


async def test_only_servers_better_than_we_are_get_mail(dns_server: DnsServer) -> None:
    dns_server.set("ours.example", "MX", "5 a.ours.example.", "10 mx.relay.example.", "10 b.ours.example.")
    for host in ("a", "b"):
        dns_server.set(f"{host}.ours.example", "A", "127.0.0.2")

    route = await _router(dns_server, own_host="mx.relay.example").route("ours.example")

    assert [target.host for target in route.targets] == ["a.ours.example"]


async def test_one_server_that_cannot_be_looked_up_does_not_hide_the_other(
    router: Router, dns_server: DnsServer
) -> None:
    dns_server.fail("a.two.example")

    assert await _addresses(router, "two.example") == ["127.0.0.3"]


@pytest.mark.parametrize(
    ("families", "addresses"),
    [
        (("ipv6", "ipv4"), ["::1", "127.0.0.2"]),
        (("ipv4", "ipv6"), ["127.0.0.2", "::1"]),
        (("ipv4",), ["127.0.0.2"]),
    ],
)
async def test_addresses_come_by_family(
    dns_server: DnsServer, families: tuple[str, ...], addresses: list[str]
) -> None:
    dns_server.set("both.example", "A", "127.0.0.2")
    dns_server.set("both.example", "AAAA", "::1")

    assert await _addresses(_router(dns_server, families=families), "both.example") == addresses


async def test_a_zone_cannot_send_us_into_our_own_network(dns_server: DnsServer) -> None:
    dns_server.set("inside.example", "MX", "10 a.inside.example.")
    dns_server.set("a.inside.example", "A", "10.0.0.1")
    dns_server.set("mixed.example", "MX", "10 a.inside.example.", "20 b.mixed.example.")
    dns_server.set("b.mixed.example", "A", "9.9.9.9")
    router = _router(dns_server, public_only=True)

    for domain in ("inside.example", "[127.0.0.1]", "[ipv6:::1]"):
        with pytest.raises(PermanentMailError, match="mail-server-not-public"):
            await router.route(domain)
    assert await _addresses(router, "mixed.example") == ["9.9.9.9"]
    assert await _addresses(router, "[9.9.9.9]") == ["9.9.9.9"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
        ("64:ff9b::9.9.9.9", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.1.2.3", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b:1::192.168.1.1", False),
        ("2002:0a00:0001::1", False),
        ("mail.example", False),
    ],
)
def test_public_addresses_are_told_from_others_however_they_are_written(
    address: str, *, public: bool
) -> None:
    assert is_public(address) is public


async def test_a_smarthost_takes_everything(dns_server: DnsServer) -> None:
    smarthost = Target("smart.example", "smart.example", 587)

    route = await _router(dns_server, smarthost=smarthost).route("anywhere.example")

    assert (route.targets, route.destination, dns_server.queries) == ((smarthost,), "smart.example", [])


@pytest.mark.parametrize(
    ("records", "demand"),
    [
        ([f"3 1 1 {DIGEST}"], Demand.DANE),
        ([f"2 0 1 {DIGEST}", f"1 1 1 {DIGEST}"], Demand.DANE),
        # RFC 7672 2.2: records that cannot be used still demand encryption.
        ([f"1 1 1 {DIGEST}", f"3 9 1 {DIGEST}"], Demand.ENCRYPTED),
        ([], Demand.OPPORTUNISTIC),
    ],
)
async def test_secure_tlsa_records_demand_what_they_can(
    router: Router, dns_server: DnsServer, records: list[str], demand: Demand
) -> None:
    dns_server.set("_2525._tcp.a.two.example", "TLSA", *records)
    dns_server.secure("two.example")

    first, second = (await router.route("two.example")).targets

    assert (first.tls.demand, second.tls.demand) == (demand, Demand.OPPORTUNISTIC)


async def test_tlsa_records_count_only_where_everything_on_the_way_is_secure(
    router: Router, dns_server: DnsServer
) -> None:
    dns_server.set("_2525._tcp.a.two.example", "TLSA", f"3 1 1 {DIGEST}")
    dns_server.secure("_2525._tcp.a.two.example")

    [first, _] = (await router.route("two.example")).targets

    assert first.tls == OPPORTUNISTIC
    assert ("_2525._tcp.a.two.example", "TLSA") not in dns_server.queries


async def test_a_server_whose_tlsa_records_cannot_be_had_gets_no_mail(
    router: Router, dns_server: DnsServer
) -> None:
    """Whoever can stop that answer must not be able to switch the verification off."""
    dns_server.secure("two.example")
    dns_server.fail("_2525._tcp.a.two.example")

    assert await _addresses(router, "two.example") == ["127.0.0.3"]
    dns_server.fail("_2525._tcp.b.two.example")
    with pytest.raises(TemporaryMailError):
        await _router(dns_server).route("two.example")


async def test_a_server_behind_an_alias_is_held_to_the_records_of_its_real_name(
    router: Router, dns_server: DnsServer
) -> None:
    dns_server.set("two.example", "MX", "10 alias.two.example.")
    dns_server.set("alias.two.example", "CNAME", "a.two.example.")
    dns_server.set("_2525._tcp.a.two.example", "TLSA", f"3 1 1 {DIGEST}")
    dns_server.secure("two.example")

    [target] = (await router.route("two.example")).targets

    assert (target.host, target.tls.demand) == ("alias.two.example", Demand.DANE)
    assert target.tls.names == ("a.two.example", "two.example")
