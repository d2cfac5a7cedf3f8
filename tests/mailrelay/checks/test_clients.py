"""What is asked about a client, through the chains as built, against a real DNS server."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailrelay.checks.chain import Chain
from mailrelay.checks.chains import Chains, CheckLimits, ClientPolicy, build_chains
from mailrelay.checks.clients import Clients
from mailrelay.checks.dns_lists import DnsList, DnsLists, Meaning
from mailrelay.checks.protected_envelope import ProtectedEnvelope
from mailrelay.checks.protected_senders import ProtectedSenders
from mailrelay.checks.stages import ConnectionContext, SenderContext
from mailrelay.checks.verdict import Action, Evidence, Verdict
from mailrelay.dns import Resolver
from tests.mailrelay.conftest import Clock
from whoisproxy.demo.dns_server import DnsServer

PEER = "203.0.114.25"
PEER_6 = "2a01:4f8::25"
SENDER = SenderContext(ConnectionContext(PEER), "mx.b.example", "buyer@b.example")
ZONE = "list.example"
MEANINGS: tuple[tuple[str, Meaning], ...] = (
    ("127.0.0.2/31", "reject"),
    ("127.0.0.4", "doubtful"),
    ("127.0.0.5", 1.5),
    ("127.0.1.0/24", "allow"),
    ("127.255.0.0/16", "reject"),
)
LISTS = (
    DnsList(ZONE, tuple((ip_network(answers), meaning) for answers, meaning in MEANINGS)),  # type: ignore[misc]
    DnsList("other.example", ((ip_network("127.0.0.0/8"), 2.0),)),  # type: ignore[arg-type]
)


def name_client(dns: DnsServer, ip: str, name: str = "mx.b.example") -> None:
    """Give an address a name that leads back to it."""
    dns.set(ip_address(ip).reverse_pointer, "PTR", f"{name}.")
    dns.set(name, "AAAA" if ":" in ip else "A", ip)


def list_client(dns: DnsServer, ip: str, *answers: str, zone: str = ZONE) -> None:
    reverse = ip_address(ip).reverse_pointer.rsplit(".", 2)[0]
    dns.set(f"{reverse}.{zone}", "A", *answers)


def from_peer(ip: str, helo: str = "mx.b.example", *, early: bool = False) -> SenderContext:
    return replace(SENDER, connection=ConnectionContext(ip, early_talker=early), helo=helo)


@pytest.fixture
def chains(clock: Clock, resolver: Resolver) -> Chains:
    policy = ClientPolicy(resolver, frozenset({"mx.relay.example"}), LISTS)
    return build_chains(CheckLimits(), clock, policy)


async def said(chains: Chains, sender: SenderContext) -> tuple[Action, tuple[str, ...]]:
    decision = await chains.client.run(sender)
    return decision.action, decision.reasons


def test_the_order_is_fixed_and_the_cheap_stands_before_the_dear(chains: Chains) -> None:
    assert chains.client.names == (
        "dns-allowlist",
        "early-talker",
        "helo-sanity",
        "dns-blocklist",
        "reverse-dns",
    )


@pytest.mark.parametrize("peer", [PEER, PEER_6, f"::ffff:{PEER}"])
async def test_a_client_with_a_name_that_leads_back_gives_no_doubt(
    chains: Chains, dns_server: DnsServer, peer: str
) -> None:
    name_client(dns_server, peer.removeprefix("::ffff:"))
    assert await said(chains, from_peer(peer)) == (Action.ACCEPT, ())


async def test_a_client_without_a_name_or_with_anothers_is_in_doubt_and_not_refused(
    chains: Chains, dns_server: DnsServer
) -> None:
    """RFC 8601 section 2.7.3."""
    assert await said(chains, SENDER) == (Action.ACCEPT, ("reverse-dns: no-name",))
    dns_server.set(ip_address(PEER_6).reverse_pointer, "PTR", "mx.b.example.")
    dns_server.set("mx.b.example", "AAAA", "2a01:4f8::1")
    expected = (Action.ACCEPT, ("reverse-dns: name-does-not-lead-back",))
    assert await said(chains, from_peer(PEER_6)) == expected


async def test_a_dns_that_fails_is_no_evidence(chains: Chains, dns_server: DnsServer) -> None:
    dns_server.fail(ip_address(PEER).reverse_pointer)
    reverse = ip_address(PEER).reverse_pointer.rsplit(".", 2)[0]
    for one in LISTS:
        dns_server.fail(f"{reverse}.{one.zone}")
    assert await said(chains, SENDER) == (Action.ACCEPT, ())


@pytest.mark.parametrize("peer", [PEER, PEER_6])
@pytest.mark.parametrize(
    ("answers", "action", "evidence"),
    [
        (["127.0.0.2"], Action.REJECT, ()),
        (["127.0.0.5", "127.0.0.3"], Action.REJECT, ()),
        (["127.0.0.4"], Action.ACCEPT, (Evidence("dns-blocklist", 0.0),)),
        (["127.0.0.4", "127.0.0.5"], Action.ACCEPT, (Evidence("dns-blocklist", 1.5),)),
        (["127.0.0.2", "127.0.1.3"], Action.ACCEPT, ()),  # the allow list wins
        (["127.0.0.9"], Action.ACCEPT, ()),
        (["127.255.255.254"], Action.ACCEPT, ()),  # "you may not ask"
        (["192.0.2.1"], Action.ACCEPT, ()),  # RFC 5782 section 2.1: no answer of a list
    ],
)
async def test_an_answer_means_what_the_configuration_says(
    chains: Chains,
    dns_server: DnsServer,
    peer: str,
    answers: list[str],
    action: Action,
    evidence: tuple[Evidence, ...],
) -> None:
    name_client(dns_server, peer)
    list_client(dns_server, peer, *answers)
    decision = await chains.client.run(from_peer(peer))
    assert (decision.action, decision.evidence) == (action, evidence)
    if action is Action.REJECT:
        assert str(decision.reply) == "550 5.7.1 Message not accepted"


async def test_weights_of_several_lists_add_up(chains: Chains, dns_server: DnsServer) -> None:
    name_client(dns_server, PEER)
    list_client(dns_server, PEER, "127.0.0.5")
    list_client(dns_server, PEER, "127.0.0.2", zone="other.example")
    assert (await chains.client.run(SENDER)).evidence == (Evidence("dns-blocklist", 3.5),)


@pytest.mark.parametrize(("peer", "never_listed"), [(PEER, "127.0.0.1"), (PEER_6, "::ffff:7f00:1")])
async def test_a_list_that_lists_everything_says_nothing(
    chains: Chains, dns_server: DnsServer, peer: str, never_listed: str
) -> None:
    """RFC 5782 section 5: a domain that was given up answers for every name below it."""
    name_client(dns_server, peer)
    for ip in (peer, never_listed):
        list_client(dns_server, ip, "127.0.0.2")
    assert await said(chains, from_peer(peer)) == (Action.ACCEPT, ())


@pytest.mark.parametrize(
    ("helo", "action", "reason"),
    [
        ("mx.b.example", Action.ACCEPT, None),
        ("[203.0.114.25]", Action.ACCEPT, None),
        ("203.0.114.25", Action.ACCEPT, "helo-is-bare-address"),
        ("2a01:4f8::25", Action.ACCEPT, "helo-is-bare-address"),
        ("localhost", Action.ACCEPT, "helo-not-qualified"),
        ("", Action.ACCEPT, "helo-not-qualified"),
        ("MX.relay.example.", Action.REJECT, "helo-is-our-own"),
        ("[203.0.114.99]", Action.REJECT, "helo-is-our-own"),
    ],
)
async def test_nobody_else_greets_with_our_name(
    chains: Chains, dns_server: DnsServer, helo: str, action: Action, reason: str | None
) -> None:
    name_client(dns_server, PEER)
    name_client(dns_server, "203.0.114.99", "mx.relay.example")
    reasons = (f"helo-sanity: {reason}",) if reason else ()
    assert await said(chains, from_peer(PEER, helo)) == (action, reasons)


async def test_we_may_greet_with_our_name(chains: Chains, dns_server: DnsServer) -> None:
    """An answer to somebody who is himself behind this relay comes from us to us."""
    name_client(dns_server, "203.0.114.99", "mx.relay.example")
    assert await said(chains, from_peer("203.0.114.99", "mx.relay.example")) == (Action.ACCEPT, ())


async def test_who_speaks_before_the_banner_is_in_doubt(chains: Chains, dns_server: DnsServer) -> None:
    name_client(dns_server, PEER)
    decision = await chains.client.run(from_peer(PEER, early=True))
    assert decision.evidence == (Evidence("early-talker", 1.0),)


async def test_a_client_is_judged_once_a_minute(chains: Chains, dns_server: DnsServer) -> None:
    now_s = 0.0
    clients = Clients(chains.client, _nobody_protected(), monotonic=lambda: now_s)
    assert (await clients.judge(SENDER)).evidence == (Evidence("reverse-dns", 0.0),)
    list_client(dns_server, PEER, "127.0.0.2")
    asked = len(dns_server.queries)
    assert (await clients.judge(SENDER)).evidence == (Evidence("reverse-dns", 0.0),)
    assert len(dns_server.queries) == asked
    now_s += 61
    await clients.judge(SENDER)
    assert (await clients.judge(from_peer(PEER, "localhost"))).evidence[0].name == "helo-sanity"


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.7", "fd00::1", "::1", ""])
async def test_the_operators_own_network_is_not_judged(
    chains: Chains, dns_server: DnsServer, peer: str
) -> None:
    decision = await chains.clients.judge(from_peer(peer, "localhost", early=True))
    assert (decision.action, decision.evidence) == (Action.ACCEPT, ())
    assert dns_server.queries == []


async def test_a_check_that_breaks_is_asked_again() -> None:
    answers = [Verdict("x", Action.ACCEPT, "said")]

    class BreaksOnce:
        name = "x"

        async def __call__(self, context: SenderContext) -> Verdict | None:
            if context.helo == "once":
                raise KeyError
            return answers[0]

    clients = Clients(Chain([BreaksOnce()]), _nobody_protected())
    assert (await clients.judge(replace(SENDER, helo="once"))).action is Action.DEFER
    assert ("203.0.114.25", "once", False) not in clients._known
    assert (await clients.judge(SENDER)).evidence == (Evidence("x", 0.0),)


async def test_a_list_that_fails_is_left_alone_for_a_while(dns_server: DnsServer, resolver: Resolver) -> None:
    """It holds up one client, not each; the other lists are heard."""
    now_s = 0.0
    lists = DnsLists(LISTS, resolver, monotonic=lambda: now_s)
    list_client(dns_server, PEER, "127.0.0.9", zone="other.example")
    control = f"1.0.0.127.{ZONE}"
    dns_server.fail(control)
    assert await lists.meanings(PEER) == (2.0,)
    assert await lists.meanings("203.0.114.26") == ()
    assert (f"26.114.0.203.{ZONE}", "A") not in dns_server.queries
    assert ("26.114.0.203.other.example", "A") in dns_server.queries
    now_s += 31
    resolver._failed.clear()
    dns_server.recover(control)
    list_client(dns_server, PEER, "127.0.0.5")
    resolver._cache.clear()
    assert await lists.meanings(PEER) == (1.5, 2.0)


async def test_lists_and_names_that_stay_silent_are_no_evidence(
    chains: Chains, dns_server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("dns_lists", "reverse_dns"):
        monkeypatch.setattr(f"mailrelay.checks.{module}._PATIENCE_S", 0.02)
    dns_server.ignore(".")
    assert await said(chains, SENDER) == (Action.ACCEPT, ())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(peer=st.one_of(st.ip_addresses().map(str), st.text(max_size=40)), helo=st.text(max_size=80))
async def test_no_client_breaks_a_check(chains: Chains, peer: str, helo: str) -> None:
    decision = await chains.client.run(from_peer(peer, helo))
    assert not any("check-failed" in reason for reason in decision.reasons)


def _nobody_protected() -> ProtectedEnvelope:
    return ProtectedEnvelope(ProtectedSenders([]), None)
