"""Who must come twice, and what is kept of it, on both engines."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.checks.chains import Chains, CheckLimits, ClientPolicy, build_chains
from mailrelay.checks.greylist_store import SqlGreylist, greylist, metadata
from mailrelay.checks.greylisting import Greylisting, GreylistLimits
from mailrelay.checks.stages import ConnectionContext, RecipientContext, SenderContext
from mailrelay.checks.verdict import Action, Evidence
from mailrelay.directory import MailPolicy, Opening, RelayRoute, ReplyRoute
from mailrelay.dns import Resolver
from tests.mailrelay.conftest import Clock
from whoisproxy.storage.engine import open_engine

DOUBT = (Evidence("reverse-dns", 0.0),)
SENDER = SenderContext(ConnectionContext("203.0.114.25"), "mx", "buyer@b.example", evidence=DOUBT)
RELAY = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FORWARD)
REPLY = ReplyRoute(
    "reply_1", "relay_1", "owner_1", "shop.example", "q7x@relay.example", Opening("buyer@b.example")
)
FIRST = RecipientContext(SENDER, RELAY.address, RELAY)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def store(engine: AsyncEngine) -> SqlGreylist:
    return SqlGreylist(engine)


@pytest.fixture
def check(store: SqlGreylist, clock: Clock) -> Greylisting:
    return Greylisting(store, b"k" * 32, GreylistLimits(), clock)


def _from(sender: SenderContext = SENDER, **changes: str) -> RecipientContext:
    peer = changes.pop("peer", sender.connection.peer_ip)
    sender = replace(sender, connection=ConnectionContext(peer), **changes)  # type: ignore[arg-type]
    return replace(FIRST, sender=sender)


async def _action(check: Greylisting, context: RecipientContext = FIRST) -> Action:
    verdict = await check(context)
    return verdict.action if verdict else Action.ACCEPT


async def test_the_first_try_waits_a_minute_and_is_then_welcome(check: Greylisting, clock: Clock) -> None:
    verdict = await check(FIRST)
    assert verdict is not None
    assert str(verdict.reply) == "451 4.3.0 Please try again later"
    clock.advance(59)
    assert await _action(check) is Action.DEFER
    clock.advance(1)
    assert await _action(check) is Action.ACCEPT
    clock.advance(35 * 86400)
    assert await _action(check) is Action.ACCEPT


async def test_who_comes_back_after_a_day_is_new_and_so_is_everybody_after_weeks(
    check: Greylisting, clock: Clock
) -> None:
    assert await _action(check) is Action.DEFER
    clock.advance(86400)
    assert await _action(check) is Action.DEFER
    clock.advance(60)
    assert await _action(check) is Action.ACCEPT
    clock.advance(36 * 86400)
    assert await _action(check) is Action.DEFER


async def test_another_return_address_or_host_of_the_same_sender_is_the_same_try(
    check: Greylisting, clock: Clock
) -> None:
    """Many senders have a return address for each message, and several hosts to send from."""
    await check(FIRST)
    clock.advance(60)
    again = _from(reverse_path="b+123=x@B.example", peer="203.0.114.77")
    assert await _action(check, again) is Action.ACCEPT


@pytest.mark.parametrize(
    "other",
    [
        _from(reverse_path="buyer@other.example"),
        _from(reverse_path=""),
        _from(peer="203.0.115.25"),
        replace(FIRST, route=replace(RELAY, relay_id="relay_2")),
    ],
)
async def test_another_sender_network_or_recipient_is_another_try(
    check: Greylisting, clock: Clock, other: RecipientContext
) -> None:
    await check(FIRST)
    clock.advance(60)
    assert await _action(check, other) is Action.DEFER


async def test_a_network_that_always_comes_back_is_not_asked_any_more(
    check: Greylisting, clock: Clock
) -> None:
    for number in range(5):
        context = _from(reverse_path=f"a@s{number}.example")
        assert await _action(check, context) is Action.DEFER
        clock.advance(60)
        assert await _action(check, context) is Action.ACCEPT
        assert await _action(check, context) is Action.ACCEPT
    assert await _action(check, _from(reverse_path="a@new.example")) is Action.ACCEPT
    assert await _action(check, _from(reverse_path="a@new.example", peer="203.0.115.1")) is Action.DEFER


async def test_a_reply_address_is_answered_like_its_relay_address(check: Greylisting, clock: Clock) -> None:
    assert await _action(check, replace(FIRST, route=REPLY)) is Action.DEFER
    clock.advance(61)
    assert await _action(check, replace(FIRST, route=REPLY)) is Action.ACCEPT
    assert await _action(check, FIRST) is Action.ACCEPT


async def test_clients_without_doubt_pass(check: Greylisting, engine: AsyncEngine) -> None:
    assert await _action(check, replace(FIRST, sender=replace(SENDER, evidence=()))) is Action.ACCEPT
    async with engine.connect() as connection:
        assert (await connection.execute(select(greylist))).all() == []


async def test_nobody_stands_in_the_store_and_what_expired_goes(
    check: Greylisting, store: SqlGreylist, engine: AsyncEngine, clock: Clock
) -> None:
    await check(FIRST)
    other_key = Greylisting(store, b"x" * 32, GreylistLimits(), clock)
    assert other_key._digest("203.0.114.0/24") != check._digest("203.0.114.0/24")
    async with engine.connect() as connection:
        [row] = (await connection.execute(select(greylist))).all()
    assert len(row.key) == 16
    assert await store.purge(clock()) == 0
    assert await store.purge(clock() + timedelta(days=1)) == 1


async def test_a_store_that_fails_defers(clock: Clock, resolver: Resolver, engine: AsyncEngine) -> None:
    """As it does for whoever is new; the well-known never get there."""
    chains: Chains = build_chains(
        CheckLimits(), clock, ClientPolicy(resolver, greylist=(SqlGreylist(engine), b"k" * 32))
    )
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    decision = await chains.doubtful.run(FIRST)
    assert (decision.action, decision.reasons) == (Action.DEFER, ("greylisting: check-failed",))
    known = replace(FIRST, sender=replace(SENDER, evidence=()))
    assert (await chains.doubtful.run(known)).action is Action.ACCEPT
