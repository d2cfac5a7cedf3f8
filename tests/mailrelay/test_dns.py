"""The resolver, asking a real server over UDP and TCP."""

import asyncio
import socket
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.dns import DnsTemporaryError, Resolver, Tlsa
from mailrelay.dns.resolver import owner_name
from mailrelay.dns.servers import NameServers, Query
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


class Time:
    """A clock of seconds that moves only when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_server_error_is_temporary_and_remembered_for_seconds_only(dns_server: DnsServer) -> None:
    """RFC 9520 section 3.2: asking again at once would only add load."""
    time = Time()
    resolver = Resolver([dns_server.nameserver], monotonic=time)
    dns_server.set("flaky.example", "TXT", "hello")
    dns_server.fail("flaky.example")
    for _ in range(3):
        with pytest.raises(DnsTemporaryError) as caught:
            await resolver.txt("flaky.example")
        assert caught.value.retry
    assert len(dns_server.queries) == 1
    dns_server.recover("flaky.example")
    time.now_s += 6
    assert await resolver.txt("flaky.example") == ["hello"]


async def test_silence_is_temporary() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = Resolver([f"127.0.0.1:{silent.getsockname()[1]}"], timeout_s=0.05, lifetime_s=0.1)
        with pytest.raises(DnsTemporaryError):
            await resolver.txt("a.example")


async def test_an_answer_is_kept_for_its_ttl_and_then_asked_again(dns_server: DnsServer) -> None:
    time = Time()
    resolver = Resolver([dns_server.nameserver], monotonic=time)
    dns_server.set("a.example", "TXT", "one")
    assert resolver.cached("a.example", "TXT") is None
    assert await resolver.txt("a.example") == ["one"]
    dns_server.set("a.example", "TXT", "two")
    assert await resolver.txt("A.example.") == ["one"]
    assert resolver.cached("A.Example.", "TXT") == ("one",)
    time.now_s += 61
    assert resolver.cached("a.example", "TXT") is None
    assert await resolver.txt("a.example") == ["two"]
    assert len(dns_server.queries) == 2


@pytest.mark.parametrize(("minimum_s", "kept_s"), [(40, 40), (0, 5), (86400, 60)])
async def test_that_there_is_nothing_is_kept_as_long_as_the_zone_says(
    dns_server: DnsServer, minimum_s: int, kept_s: int
) -> None:
    """RFC 2308 section 5: the lesser of the SOA's TTL (here 60) and its minimum."""
    time = Time()
    resolver = Resolver([dns_server.nameserver], monotonic=time)
    dns_server.set("zone.example", "SOA", f"ns.zone.example. admin.zone.example. 1 2 3 4 {minimum_s}")
    assert await resolver.txt("new.zone.example") == []
    dns_server.set("new.zone.example", "TXT", "now")
    time.now_s += kept_s - 1
    assert await resolver.txt("new.zone.example") == []
    time.now_s += 2
    assert await resolver.txt("new.zone.example") == ["now"]


async def test_what_many_ask_at_once_is_asked_once(dns_server: DnsServer, resolver: Resolver) -> None:
    dns_server.set("busy.example", "TXT", "hello")
    impatient = asyncio.create_task(resolver.txt("busy.example"))
    others = [asyncio.create_task(resolver.txt("busy.example")) for _ in range(50)]
    await asyncio.sleep(0)
    impatient.cancel()
    assert await asyncio.gather(*others) == [["hello"]] * 50
    assert len(dns_server.queries) == 1


async def test_an_old_answer_serves_while_the_dns_fails_but_not_for_long(dns_server: DnsServer) -> None:
    """RFC 8767; what DNSSEC proved may not be had by stopping the DNS."""
    time = Time()
    resolver = Resolver([dns_server.nameserver], validating=True, monotonic=time)
    for name in ("plain.example", "signed.example"):
        dns_server.set(name, "TXT", "old")
        dns_server.secure("signed.example")
        assert await resolver.txt(name) == ["old"]
        dns_server.fail(name)
    time.now_s += 600
    assert await resolver.txt("plain.example") == ["old"]
    assert resolver.cached("plain.example", "TXT") is not None
    with pytest.raises(DnsTemporaryError):
        await resolver.txt("signed.example")
    time.now_s += 3600
    with pytest.raises(DnsTemporaryError):
        await resolver.txt("plain.example")


@pytest.mark.parametrize("validating", [True, False])
async def test_only_a_trusted_resolvers_word_makes_an_answer_secure(
    dns_server: DnsServer, *, validating: bool
) -> None:
    resolver = Resolver([dns_server.nameserver], validating=validating)
    dns_server.set("_25._tcp.mx.signed.example", "TLSA", "3 1 1 " + "ab" * 32)
    dns_server.set("_25._tcp.mx.plain.example", "TLSA", "3 1 1 " + "ab" * 32)
    dns_server.secure("signed.example")
    signed, plain = [await resolver.tlsa(f"mx.{name}.example", 25) for name in ("signed", "plain")]
    assert signed.records == plain.records == (Tlsa(3, 1, 1, b"\xab" * 32),)
    assert signed.secure is validating
    assert not plain.secure


async def test_aliases_are_followed_and_a_loop_of_them_is_no_answer(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("www.example", "CNAME", "Host.example.")
    dns_server.set("host.example", "A", "192.0.2.1")
    answer = await resolver.answer("www.example", "A")
    assert (answer.records, answer.canonical) == (("192.0.2.1",), "host.example")
    for number in range(40):
        dns_server.set(f"c{number}.example", "CNAME", f"c{number + 1}.example.")
    with pytest.raises(DnsTemporaryError):
        await resolver.ipv4("c0.example")


async def test_a_dead_server_is_asked_no_more_until_it_lives(
    dns_server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks while it is dead is told so at once."""
    monkeypatch.setattr("mailrelay.dns.servers._PROBE_PAUSE_S", 0.0)
    name = dns.name.from_text("a.example")
    dns_server.ignore(".")
    servers = NameServers([dns_server.nameserver], timeout_s=0.2, lifetime_s=2.0)
    [server] = servers._servers
    for _ in range(2):
        with pytest.raises(DnsTemporaryError):
            await servers.ask(name, dns.rdatatype.TXT)
    assert not server.is_dead()
    assert server._probe is not None
    await server._probe
    asked = dns_server.queries.count(("a.example", "TXT"))
    with pytest.raises(DnsTemporaryError):
        await servers.ask(name, dns.rdatatype.TXT)
    assert dns_server.queries.count(("a.example", "TXT")) == asked

    dns_server.heed(".")
    await server._probe
    server.is_dead()
    await server._probe
    await servers.ask(name, dns.rdatatype.TXT)
    assert dns_server.queries.count(("a.example", "TXT")) == asked + 1


async def test_a_server_that_is_not_there_is_known_at_once(dns_server: DnsServer) -> None:
    """The system says that nobody listens; no deadline need pass, and the next server is asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
    dns_server.set("a.example", "TXT", "hello")
    resolver = Resolver([nobody, dns_server.nameserver], timeout_s=300, lifetime_s=600)
    async with asyncio.timeout(30):
        assert await resolver.txt("a.example") == ["hello"]


class _Forger(asyncio.DatagramProtocol):
    """Answers a question with all that is not its answer, then with the answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "192.0.2.1"))
        other = dns.message.make_response(dns.message.make_query("other.example", "A"))
        other.id = query.id
        other.answer.append(dns.rrset.from_text("other.example.", 60, "IN", "A", "192.0.2.66"))
        wire = answer.to_wire()
        wrong_id = bytes([wire[0] ^ 1]) + wire[1:].replace(b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x66")
        for forged in (b"", b"x", data, other.to_wire(), wrong_id):
            self.transport.sendto(forged, addr)
        self.transport.sendto(wire, addr)


async def test_only_a_response_to_the_question_is_its_answer() -> None:
    """RFC 5452 section 9.1: id and question must agree, address and port do."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Forger, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        resolver = Resolver([f"127.0.0.1:{port}"])
        assert await resolver.ipv4("Asked.example") == ["192.0.2.1"]
    finally:
        transport.close()


@given(
    st.lists(st.text("abcxyz0189-_", min_size=1, max_size=63), min_size=1, max_size=3),
    st.sampled_from(["A", "AAAA", "MX", "PTR", "TLSA", "TXT"]),
)
def test_a_question_is_written_as_the_library_reads_it(labels: list[str], kind: str) -> None:
    name = dns.name.Name([*(label.encode() for label in labels), b""])
    read = dns.message.from_wire(Query(name, dns.rdatatype.from_text(kind)).wire)
    assert read.question == [dns.rrset.RRset(name, dns.rdataclass.IN, dns.rdatatype.from_text(kind))]
    assert (read.edns, read.payload, read.flags) == (0, 1232, dns.flags.RD | dns.flags.AD)
    assert read.rcode() == dns.rcode.NOERROR


async def test_names_without_servers_do_not_make_the_resolver_look_dead(dns_server: DnsServer) -> None:
    """A stranger may send us any number of them."""
    dns_server.ignore("dead.example")
    servers = NameServers([dns_server.nameserver], timeout_s=0.2, lifetime_s=2.0)
    [server] = servers._servers
    for number in range(2):
        with pytest.raises(DnsTemporaryError):
            await servers.ask(dns.name.from_text(f"n{number}.dead.example"), dns.rdatatype.TXT)
    assert not server.is_dead()
    assert server._probe is not None
    await server._probe
    assert not server.is_dead()
    assert (".", "SOA") in dns_server.queries


async def test_who_has_no_patience_leaves_the_answer_to_others(dns_server: DnsServer) -> None:
    dns_server.set("slow.example", "A", "192.0.2.1")
    resolver = Resolver([dns_server.nameserver])
    with pytest.raises(DnsTemporaryError):
        await resolver.answer("slow.example", "A", patience_s=0)
    assert await resolver.ipv4("slow.example") == ["192.0.2.1"]
    assert len(dns_server.queries) == 1


async def test_the_cache_is_bounded(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailrelay.dns.resolver._CACHE_ENTRIES", 3)
    for number in (1, 2, 3, 1, 4):
        await resolver.txt(f"n{number}.example")
    assert resolver.cached("n1.example", "TXT") is not None
    assert resolver.cached("n2.example", "TXT") is None
    assert len(resolver._cache) == 3


async def test_one_failing_address_type_does_not_hide_the_other(dns_server: DnsServer) -> None:
    dns_server.set("v4.example", "A", "192.0.2.7")
    resolver = Resolver([dns_server.nameserver])
    answers = await asyncio.gather(*(resolver.addresses("v4.example") for _ in range(5)))
    assert answers == [["192.0.2.7"]] * 5


@given(st.text(max_size=300))
def test_what_is_no_domain_name_is_a_name_without_records_and_no_error(name: str) -> None:
    owner_name(name)


async def test_what_was_asked_is_had_again_without_waiting(dns_server: DnsServer, resolver: Resolver) -> None:
    """The cache answers at once, in the form of the methods, whatever the case of the name."""
    dns_server.set("example.org", "MX", "10 b.example.", "5 a.example.")
    assert resolver.cached("example.org", "MX") is None
    asked = await resolver.mx("example.org")
    assert resolver.cached("Example.ORG.", "MX") == tuple(asked)
    assert resolver.cached("example.org", "TXT") is None
