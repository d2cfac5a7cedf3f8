"""What an owner has released reaches him, and what he is told reaches nobody else."""

from dataclasses import replace

from mailrelay.directory import MailPolicy
from mailrelay.queue.entry import Direction, NewMessage, State
from tests.mailrelay.world import OWNER, OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World

_RAW = b"From: Ada <ada@offers.example>\r\nSubject: held\r\n\r\nhello\r\n"


def _message(direction: Direction, recipient: str) -> NewMessage:
    return NewMessage(direction, OWNER.owner_id, "relay_1", recipient, STRANGER, _RAW, len(_RAW))


async def test_a_released_message_arrives_though_its_owner_wants_no_mail_any_more(world: World) -> None:
    [message_id] = await world.store.enqueue([_message(Direction.FORWARD, RELAY_ADDRESS)], State.QUARANTINED)
    route = world.directory.relays[RELAY_ADDRESS]
    world.directory.relays[RELAY_ADDRESS] = replace(route, policy=MailPolicy.DROP)

    assert await world.store.release(message_id)
    await world.settle()

    [got] = world.sink.messages
    assert got.recipients == (OWNER_MAILBOX,)


async def test_a_notice_to_the_holder_before_is_not_given_to_the_new_one(world: World) -> None:
    new = replace(OWNER, owner_id="reg_2", mailboxes=("new@home.example",))
    world.directory.publish(RELAY_ADDRESS, "relay_1", new, "example-bakery.org")
    [message_id] = await world.store.enqueue([_message(Direction.NOTICE, "")])
    await world.settle()

    assert world.sink.messages == []
    record = await world.store.get(message_id)
    assert record is not None
    assert record.state is State.BOUNCED
