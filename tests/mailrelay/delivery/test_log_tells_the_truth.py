"""What the owner's log says is what the mail servers said, by real SMTP on both sides."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.queue.entry import MessageRecord, State
from mailrelay.queue.log import LogQuery
from mailrelay.sender_rules import Level, SenderRule
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, open_world
from whoisproxy.demo.mail_actors import send

OURS = LogQuery(("relay_1",), ("reg_1",))
LATER = (timedelta(hours=1), timedelta(hours=1))


async def _log(world: World) -> list[MessageRecord]:
    return await world.store.logged(OURS, 10)


async def _arrived(world: World) -> int:
    return sum(OWNER_MAILBOX in one.recipients for one in world.sink.messages)


async def test_it_is_delivered_when_the_owners_server_has_it_and_not_before(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        await world.stranger_writes(subject="A question")
        [taken] = await _log(world)
        assert (taken.state, await _arrived(world)) == (State.QUEUED, 0)
        await world.settle()
        [sent] = await _log(world)
        assert (sent.state, await _arrived(world)) == (State.DELIVERED, 1)
        assert (sent.author, sent.subject) == (f"Ada Buyer <{STRANGER}>", "A question")


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        ("451 4.3.0 later", State.DEFERRED, "system-not-ready-451"),
        ("450 4.7.1 greylisted", State.DEFERRED, "greylisted-450"),
        ("550 5.7.1 not by our policy", State.BOUNCED, "policy-550"),
        ("552 5.3.4 too large", State.BOUNCED, "too-big-552"),
        # The mailbox may be changed by its owner: until then the message is kept.
        ("550 5.1.1 nobody here", State.DEFERRED, "mailbox-suspect"),
    ],
)
async def test_it_is_not_delivered_while_the_owners_server_refuses_it(
    tmp_path: Path, reply: str, state: State, reason: str
) -> None:
    async with open_world(tmp_path, schedule=LATER) as world:
        world.sink.answer(OWNER_MAILBOX, reply)
        await world.stranger_writes()
        await world.settle()
        [entry] = await _log(world)
        assert (entry.state, entry.last_error, await _arrived(world)) == (state, reason, 0)


async def test_it_is_held_until_it_is_released_and_delivered_then(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        world.directory.rules.add(SenderRule(Level.DOMAIN, STRANGER, allows=False))
        await world.stranger_writes()
        await world.settle()
        [held] = await _log(world)
        assert (held.state, await _arrived(world)) == (State.QUARANTINED, 0)
        assert await world.store.release(held.id)
        await world.settle()
        [sent] = await _log(world)
        assert (sent.id, sent.state, await _arrived(world)) == (held.id, State.DELIVERED, 1)


async def test_what_is_thrown_away_never_arrives(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        world.directory.rules.add(SenderRule(Level.DOMAIN, STRANGER, allows=False))
        await world.stranger_writes()
        [held] = await _log(world)
        assert await world.store.discard(held.id, "report-by-the-owner")
        await world.settle()
        [gone] = await _log(world)
        assert (gone.state, await _arrived(world)) == (State.DISCARDED, 0)


async def test_what_is_refused_at_the_door_is_in_the_log_without_its_text(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        world.dns.set("_dmarc.offers.example", "TXT", "v=DMARC1; p=reject")
        raw = f"From: {STRANGER}\r\nTo: {RELAY_ADDRESS}\r\nSubject: forged\r\n\r\nHello.\r\n".encode()
        refused = await send(world.port, "x@elsewhere.example", RELAY_ADDRESS, raw)
        assert refused.code == 550
        [entry] = await _log(world)
        assert (entry.state, entry.subject) == (State.REJECTED, "forged")
        assert await world.store.kept(entry.id) is None
