"""What is got ready for sending, without sending it."""

import asyncio
from dataclasses import replace

import pytest

from mailrelay.directory import Wishes
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, NewMessage
from mailrelay.queue.ids import new_message_id
from mailrelay.queue.rows import handed_over
from tests.mailrelay.world import OWNER, RELAY_ADDRESS, STRANGER, World, utc_now

_LINE = b"Is it for sale?\r\n"


@pytest.mark.parametrize(
    ("wishes", "lines", "elsewhere"),
    [
        (Wishes(attach_original=True), 32 * 1024, True),
        (Wishes(attach_original=True), 10, False),
        (Wishes(), 32 * 1024, False),
    ],
    ids=["large-and-packed-anew", "small", "large-and-as-it-came"],
)
async def test_packing_a_large_message_anew_keeps_nobody_waiting(
    world: World, wishes: Wishes, lines: int, *, elsewhere: bool
) -> None:
    """What is done on the loop is done within one turn of it."""
    world.directory.publish(RELAY_ADDRESS, "relay_1", replace(OWNER, wishes=wishes), "example-bakery.org")
    raw = f"From: {STRANGER}\r\nSubject: x\r\n\r\n".encode() + lines * _LINE
    new = NewMessage(Direction.FORWARD, OWNER.owner_id, "relay_1", RELAY_ADDRESS, STRANGER, raw, len(raw))
    now = utc_now()

    preparing = asyncio.create_task(
        world.deliverer._preparation.prepare(handed_over(new_message_id(now, 0), new, now))
    )
    await asyncio.sleep(0)

    assert preparing.done() is not elsewhere
    message = (await preparing).message
    assert message.raw.count(_LINE) == lines * (2 if wishes.attach_original else 1)
    assert RawMessage.parse(message.raw).first("Subject") == "x"
