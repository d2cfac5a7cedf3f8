"""The resolver, asking a real server over UDP and TCP."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.dns import DnsTemporaryError, Resolver
from whoisproxy.demo.dns_server import DnsServer


async def test_strings_of_one_txt_record_are_joined(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("key.example", "TXT", "p=" + "A" * 600)
    assert await resolver.txt("key.example") == ["p=" + "A" * 600]


async def test_an_answer_too_long_for_udp_comes_over_tcp(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("long.example", "TXT", *(f"{n}-" + "x" * 200 for n in range(20)))
    assert len(await resolver.txt("long.example")) == 20


async def test_mail_exchangers_come_by_preference_and_null_mx_is_empty(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("a.example", "MX", "20 b.mx.example.", "10 A.MX.example.")
    dns_server.set("none.example", "MX", "0 .")
    assert await resolver.mx("a.example") == [(10, "a.mx.example"), (20, "b.mx.example")]
    assert await resolver.mx("none.example") == [(0, "")]


async def test_addresses_of_both_kinds_and_names_of_an_address(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("host.example", "A", "192.0.2.1")
    dns_server.set("host.example", "AAAA", "2001:db8::1")
    dns_server.set("1.2.0.192.in-addr.arpa", "PTR", "Host.example.")
    assert await resolver.addresses("host.example") == ["2001:db8::1", "192.0.2.1"]
    assert await resolver.pointers("1.2.0.192.in-addr.arpa") == ["host.example"]


async def test_a_missing_name_and_a_missing_type_are_both_empty(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("there.example", "A", "192.0.2.1")
    assert await resolver.txt("nowhere.example") == []
    assert await resolver.txt("there.example") == []
    assert await resolver.exists("there.example")
    assert not await resolver.exists("nowhere.example")


async def test_a_server_error_is_temporary_and_is_not_remembered(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("flaky.example", "TXT", "hello")
    dns_server.fail("flaky.example")
    with pytest.raises(DnsTemporaryError) as caught:
        await resolver.txt("flaky.example")
    assert caught.value.retry
    dns_server.recover("flaky.example")
    assert await resolver.txt("flaky.example") == ["hello"]


async def test_silence_is_temporary() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = Resolver([f"127.0.0.1:{silent.getsockname()[1]}"], timeout_s=0.05, lifetime_s=0.1)
        with pytest.raises(DnsTemporaryError):
            await resolver.txt("a.example")


async def test_an_answer_is_kept_for_its_ttl_and_then_asked_again(dns_server: DnsServer) -> None:
    now_s = 1000.0
    resolver = Resolver([dns_server.nameserver], monotonic=lambda: now_s)
    dns_server.set("a.example", "TXT", "one")
    assert await resolver.txt("a.example") == ["one"]
    dns_server.set("a.example", "TXT", "two")
    assert await resolver.txt("A.example.") == ["one"]
    now_s += 61
    assert await resolver.txt("a.example") == ["two"]
    assert len(dns_server.queries) == 2


async def test_one_failing_address_type_does_not_hide_the_other(dns_server: DnsServer) -> None:
    dns_server.set("v4.example", "A", "192.0.2.7")
    resolver = Resolver([dns_server.nameserver])
    answers = await asyncio.gather(*(resolver.addresses("v4.example") for _ in range(5)))
    assert answers == [["192.0.2.7"]] * 5


@given(st.text(max_size=300))
def test_what_is_no_domain_name_is_a_name_without_records_and_no_error(name: str) -> None:
    from mailrelay.dns import _owner  # noqa: PLC0415 - its promise is the subject

    _owner(name)


async def test_what_was_asked_is_had_again_without_waiting(dns_server: DnsServer, resolver: Resolver) -> None:
    """The cache answers at once, in the form of the methods, whatever the case of the name."""
    dns_server.set("example.org", "MX", "10 b.example.", "5 a.example.")
    assert resolver.cached("example.org", "MX") is None
    asked = await resolver.mx("example.org")
    assert resolver.cached("Example.ORG.", "MX") == tuple(asked)
    assert resolver.cached("example.org", "TXT") is None
