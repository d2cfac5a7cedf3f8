"""What it costs to judge a client and its recipient: CPU microseconds of each part, answers in the cache.

The DNS is our own on loopback, asked once per name before the measurement; two lists are configured, and
every client has a name that leads back to it. `new client` is the first connection of an address within a
minute, `known client` every later one. `not cached` asks a DNS server in a process of its own; a first try
of a doubtful client is written to SQLite, synchronous and in full.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from bench.report import report
from mailrelay.checks.chains import Chains, CheckLimits, ClientPolicy, build_chains
from mailrelay.checks.dns_lists import DnsList
from mailrelay.checks.greylist_store import SqlGreylist, metadata
from mailrelay.checks.greylisting import Greylisting, GreylistLimits
from mailrelay.checks.stages import ConnectionContext, RecipientContext, SenderContext
from mailrelay.checks.verdict import Action, Evidence, Verdict
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.dns import Resolver
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.storage.engine import open_engine

_CLIENTS = 1_000
_ROUNDS = 5_000
_BEST_OF = 3
_NO_LIMIT = 10**9
_FIRST_TRIES = 500
_SERVE = "--serve-dns"
_DOUBT = (Evidence("reverse-dns", 0.0),)
_LISTS = tuple(
    DnsList(zone, ((ip_network("127.0.0.0/8"), "reject"),))  # type: ignore[arg-type] # IPv4
    for zone in ("one.example", "two.example")
)
_ROUTE = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FORWARD)
_LIMITS = CheckLimits(
    connections_per_minute=_NO_LIMIT,
    messages_per_minute=_NO_LIMIT,
    octets_per_minute=_NO_LIMIT,
    recipients_per_minute=_NO_LIMIT,
    errors_per_hour=_NO_LIMIT,
    unknown_recipients_per_hour=_NO_LIMIT,
)


def _now() -> datetime:
    return datetime.now(UTC)


def _senders() -> list[SenderContext]:
    first = int(ip_address("5.0.0.0"))
    return [
        SenderContext(
            ConnectionContext(str(ip_address(first + 7 * number))),
            f"mx{number}.b.example",
            "a@b.example",
            4096,
        )
        for number in range(_CLIENTS)
    ]


async def _gate(chains: Chains, sender: SenderContext) -> None:
    """Do what the checks do for a connection with one message to one recipient, until DATA."""
    await chains.connection.run(sender.connection)
    await chains.sender.run(sender)
    await chains.recipient.run(RecipientContext(sender, _ROUTE.address, _ROUTE))
    decision = await chains.clients.judge(sender)
    assert (decision.action, decision.evidence) == (Action.ACCEPT, ())


async def _per_call_us(
    call: Callable[[SenderContext], Awaitable[object]], senders: list[SenderContext]
) -> float:
    """Return CPU microseconds of one call: the best of some runs over all senders."""
    best = float("inf")
    for _ in range(_BEST_OF):
        begin = time.process_time()
        for sender in senders:
            await call(sender)
        best = min(best, (time.process_time() - begin) / len(senders))
    return round(best * 1e6, 2)


async def _measured(dns: DnsServer) -> list[dict[str, object]]:
    # Its clock stands still, so that no answer expires however long the measurement takes.
    resolver = Resolver([dns.nameserver], monotonic=lambda: 0.0)
    senders = _senders()
    for sender in senders:
        ip = ip_address(sender.connection.peer_ip)
        dns.set(ip.reverse_pointer, "PTR", f"{sender.helo}.")
        dns.set(sender.helo, "A", str(ip))
    chains = build_chains(_LIMITS, _now, ClientPolicy(resolver, frozenset({"mx.relay.example"}), _LISTS))
    for sender in senders:
        await chains.client.run(sender)
    one = [senders[0]] * _ROUNDS
    name = senders[0].helo

    async def cached(_: SenderContext) -> None:
        assert resolver.cached(name, "A") is not None

    async def forgetful(sender: SenderContext) -> None:
        chains.clients._known.clear()  # noqa: SLF001 - as if the minute had passed
        await _gate(chains, sender)

    asked = len(dns.queries)
    calls: dict[str, tuple[Callable[[SenderContext], Awaitable[object]], list[SenderContext]]] = {
        "resolver: cached()": (cached, one),
        "resolver: await ipv4()": (lambda _: resolver.ipv4(name), one),
        "connection: rates": (lambda sender: chains.connection.run(sender.connection), one),
        "MAIL: form, rates": (chains.sender.run, one),
        "RCPT: guesses, rates, limits": (
            lambda sender: chains.recipient.run(RecipientContext(sender, _ROUTE.address, _ROUTE)),
            one,
        ),
        "client: lists, greeting, reverse DNS": (chains.client.run, senders),
        "client: remembered": (chains.clients.judge, one),
        "checks alone, new client": (lambda sender: _checks_alone(chains, sender), senders),
        "all, new client": (forgetful, senders),
        "all, known client": (lambda sender: _gate(chains, sender), one),
        "all, 4 MAIL on one connection": (lambda sender: _kept(chains, sender), one[: _ROUNDS // 4]),
    }
    rows: list[dict[str, object]] = [
        {"part": part, "CPU us": await _per_call_us(call, over)} for part, (call, over) in calls.items()
    ]
    assert len(dns.queries) == asked, "the DNS was asked during the measurement"
    rows.append({"part": "resolver: not cached", "CPU us": await _not_cached()})
    rows.append({"part": "doubtful: first try", "CPU us": await _first_try(senders)})
    return rows


async def _checks_alone(chains: Chains, sender: SenderContext) -> None:
    """Ask each check without the chain around it."""
    context = RecipientContext(sender, _ROUTE.address, _ROUTE)
    for check in chains.connection._checks:  # noqa: SLF001 - what the chain adds is measured beside it
        await _said(check(sender.connection))
    for of_sender in (*chains.sender._checks, *chains.client._checks):  # noqa: SLF001
        await _said(of_sender(sender))
    for of_recipient in chains.recipient._checks:  # noqa: SLF001
        await _said(of_recipient(context))


async def _said(answer: Verdict | Awaitable[Verdict | None] | None) -> None:
    if isinstance(answer, Awaitable):
        await answer


async def _not_cached() -> float:
    """Return CPU microseconds of a question that goes to the DNS."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bench_gate", _SERVE, stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    port = int(await server.stdout.readline())
    resolver = Resolver([f"127.0.0.1:{port}"])
    begin = time.process_time()
    for number in range(_CLIENTS):
        await resolver.txt(f"n{number}.example")
    spent_s = time.process_time() - begin
    server.terminate()
    await server.wait()
    return round(spent_s / _CLIENTS * 1e6, 2)


async def _first_try(senders: list[SenderContext]) -> float:
    """Return CPU microseconds of greylisting what it has never seen."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/greylist.db")
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        check = Greylisting(SqlGreylist(engine), b"k" * 32, GreylistLimits(), _now)
        doubtful = [
            RecipientContext(replace(sender, evidence=_DOUBT), _ROUTE.address, _ROUTE)
            for sender in senders[:_FIRST_TRIES]
        ]
        begin = time.process_time()
        for context in doubtful:
            verdict = await check(context)
            assert verdict is not None
        spent_s = time.process_time() - begin
        await engine.dispose()
    return round(spent_s / len(doubtful) * 1e6, 2)


async def _serve() -> None:
    async with DnsServer() as dns:
        print(dns.port, flush=True)
        await asyncio.Event().wait()


async def _kept(chains: Chains, sender: SenderContext) -> None:
    await chains.connection.run(sender.connection)
    for number in range(4):
        again = replace(sender, reverse_path=f"a{number}@b.example")
        await chains.sender.run(again)
        await chains.recipient.run(RecipientContext(again, _ROUTE.address, _ROUTE))
        await chains.clients.judge(again)


async def main() -> None:
    """Measure and print."""
    async with DnsServer() as dns:
        report("Judging a client", await _measured(dns))


if __name__ == "__main__":
    asyncio.run(_serve() if _SERVE in sys.argv else main())
