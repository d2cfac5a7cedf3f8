"""When a client is judged, and what becomes of the evidence: the inbound side as a whole."""

from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from mailrelay.checks.chains import CheckLimits, ClientPolicy, build_chains
from mailrelay.checks.dns_lists import DnsList
from mailrelay.checks.greylist_store import SqlGreylist, metadata
from mailrelay.checks.stages import ConnectionContext, SenderContext
from mailrelay.queue.entry import State
from mailrelay.queue.ids import new_message_id
from mailrelay.transaction import Transaction
from tests.mailrelay.conftest import Clock
from tests.mailrelay.world import RELAY_ADDRESS, RELAY_DOMAIN, STRANGER, World, open_world, utc_now
from whoisproxy.demo.mail_actors import Letter

PEER = "203.0.114.25"
LISTS = (DnsList("list.example", ((ip_network("127.0.0.2"), "reject"), (ip_network("127.0.0.3"), 5.0))),)  # type: ignore[arg-type]
LETTER = Letter(f"Ada <{STRANGER}>", RELAY_ADDRESS, "Your domain", "Is it for sale?\n")


@pytest.fixture
async def world(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    """A relay that asks a list and has the doubtful come twice."""
    async with open_world(tmp_path) as opened:
        async with opened.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        policy = ClientPolicy(opened.resolver, lists=LISTS, greylist=(SqlGreylist(opened.engine), b"k" * 32))
        opened.inbound._chains = build_chains(CheckLimits(), clock, policy)
        yield opened


def _transaction(reverse_path: str = STRANGER) -> Transaction:
    return Transaction(SenderContext(ConnectionContext(PEER), "mx.offers.example", reverse_path))


def _list(world: World, answer: str) -> None:
    reverse = ip_address(PEER).reverse_pointer.rsplit(".", 2)[0]
    world.dns.set(f"{reverse}.list.example", "A", answer)


def _name(world: World) -> None:
    world.dns.set(ip_address(PEER).reverse_pointer, "PTR", "mx.offers.example.")
    world.dns.set("mx.offers.example", "A", PEER)


async def test_a_client_in_doubt_comes_twice(world: World, clock: Clock) -> None:
    answer = await world.inbound.recipient(_transaction(), RELAY_ADDRESS)
    assert str(answer) == "451 4.3.0 Please try again later"
    clock.advance(61)
    transaction = _transaction()
    assert (await world.inbound.recipient(transaction, RELAY_ADDRESS)).code == 250
    assert [one.name for one in transaction.sender.evidence] == ["reverse-dns"]


async def test_a_client_without_doubt_comes_once(world: World) -> None:
    _name(world)
    assert (await world.inbound.recipient(_transaction(), RELAY_ADDRESS)).code == 250


async def test_a_listed_client_is_refused_but_reaches_postmaster_and_may_report_failures(
    world: World,
) -> None:
    """RFC 5321 section 4.5.1; and a bounce says what became of our own mail."""
    _list(world, "127.0.0.2")
    answer = await world.inbound.recipient(_transaction(), RELAY_ADDRESS)
    assert str(answer) == (
        "550 5.7.1 Message not accepted; another way to the domain's holder: ask its registrar"
    )
    asked = len(world.dns.queries)
    bounce = world.bounces.encode(new_message_id(utc_now()), utc_now())
    assert (await world.inbound.recipient(_transaction(), "postmaster")).code == 250
    assert (await world.inbound.recipient(_transaction(""), bounce)).code == 250
    assert len(world.dns.queries) == asked


async def test_who_guesses_addresses_costs_no_question(world: World) -> None:
    answer = await world.inbound.recipient(_transaction(), f"nobody@{RELAY_DOMAIN}")
    assert str(answer) == "550 5.1.1 No such address here"
    assert world.dns.queries == []


async def test_the_weight_of_a_list_is_added_to_the_content_score(world: World, clock: Clock) -> None:
    _name(world)
    _list(world, "127.0.0.3")
    await world.inbound.recipient(_transaction(), RELAY_ADDRESS)
    clock.advance(61)
    transaction = _transaction()
    assert (await world.inbound.recipient(transaction, RELAY_ADDRESS)).code == 250
    assert (await world.inbound.message(transaction, world.offers.sign(LETTER.raw()))).code == 250
    [record] = await world.store.of_relay(["relay_1"], 10)
    assert record.state is State.QUEUED
    [note] = [one for one in record.verdicts if one.check == "content-score"]
    assert "dns-blocklist" in note.reason
    [decided] = [one for one in record.verdicts if one.check == "spam-decision"]
    assert decided.action == "tag"


async def test_a_network_that_gets_little_but_refusals_is_kept_away(world: World, clock: Clock) -> None:
    world.inbound._chains = build_chains(CheckLimits(errors_per_hour=3), clock)
    for _ in range(3):
        assert await world.inbound.connected(ConnectionContext(PEER)) is None
        world.inbound.erred(PEER)
    refusal = await world.inbound.connected(ConnectionContext(PEER))
    assert refusal is not None
    assert refusal.code == 421
    assert await world.inbound.connected(ConnectionContext("198.51.100.1")) is None
