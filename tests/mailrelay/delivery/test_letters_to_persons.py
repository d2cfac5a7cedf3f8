"""Letters that concern an owner and no relay address: to his own mailbox, or to nobody."""

from dataclasses import replace
from datetime import UTC, datetime

from mailrelay.queue.entry import Direction, NewMessage, State
from mailrelay.rewriting.plain_letter import PlainLetter, build_plain_letter
from tests.mailrelay.world import OWNER, OWNER_MAILBOX, RELAY_DOMAIN, World

_TEXT = (
    "A line that is longer than the seventy-two characters after which a letter breaks its lines, usually.",
)
_LINK = f"https://pages.example/enter/{'x' * 120}"


def _letter(owner_id: str) -> NewMessage:
    facts = PlainLetter(
        RELAY_DOMAIN, "fr", datetime(2026, 11, 26, tzinfo=UTC), "Votre lien é", (*_TEXT, _LINK)
    )
    letter = build_plain_letter(facts)
    return NewMessage(Direction.NOTICE, owner_id, "", "", "", letter.raw, len(letter.raw))


async def _state(world: World, message: NewMessage) -> State:
    [message_id] = await world.store.enqueue([message])
    await world.settle()
    record = await world.store.get(message_id)
    assert record is not None
    return record.state


async def test_a_letter_reaches_its_owner_by_no_relay_address(world: World) -> None:
    assert await _state(world, _letter(OWNER.owner_id)) is State.DELIVERED
    [got] = world.sink.messages
    assert got.recipients == (OWNER_MAILBOX,)
    assert b"To: zoe.lefevre@home.example" in got.raw
    assert b"DKIM-Signature" in got.raw


async def test_a_letter_to_nobody_whom_we_know_goes_nowhere(world: World) -> None:
    assert await _state(world, replace(_letter(OWNER.owner_id), owner_id="reg_9")) is State.BOUNCED
    assert world.sink.messages == []


async def test_a_letter_that_a_mailbox_refuses_is_over_and_blames_no_relay_address(world: World) -> None:
    world.sink.answer(OWNER_MAILBOX, "550 5.1.1 no such user")
    assert await _state(world, _letter(OWNER.owner_id)) is State.BOUNCED
    assert world.directory.health.failures == []


def test_a_link_is_not_broken() -> None:
    raw = build_plain_letter(
        PlainLetter(RELAY_DOMAIN, "en", datetime(2026, 11, 26, tzinfo=UTC), "Link", (*_TEXT, _LINK))
    ).raw
    assert _LINK.encode() in raw.replace(b"=\r\n", b"").replace(b"=3D", b"=")
    assert max(map(len, raw.splitlines())) <= 78
