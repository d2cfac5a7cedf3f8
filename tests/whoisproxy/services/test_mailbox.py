from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, NewMessage, State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.whoisproxy.services.world import RDDS_ONLY, World
from whoisproxy.domain.errors import NotFound
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.mailbox import Mailbox


@pytest.fixture
async def queue(world: World, tmp_path: Path) -> AsyncIterator[QueueStore]:
    site = QueueSite(world.storage.engine, tmp_path / "mail")
    async with open_queue(site, MailCipher(world.storage), world.clock) as store:
        yield store


@pytest.fixture
def mailbox(world: World, queue: QueueStore) -> Mailbox:
    return Mailbox(world.storage, queue)


async def _quarantined(world: World, queue: QueueStore) -> str:
    registration = (await world.hidden(RDDS_ONLY)).registration
    async with world.storage.reading() as uow:
        relay = (await uow.relays.of_domain(registration.id))[0]
    message = NewMessage(
        direction=Direction.FORWARD,
        owner_id=registration.registrant_id,
        relay_id=relay.id,
        recipient=relay.address,
        reverse_path="ada@offers.example",
        raw=b"Subject: offer\r\n\r\nhello\r\n",
        size_octets=25,
    )
    [message_id] = await queue.enqueue([message], State.QUARANTINED)
    return message_id


async def test_what_was_kept_back_can_be_seen_and_released_once(
    world: World, queue: QueueStore, mailbox: Mailbox
) -> None:
    message_id = await _quarantined(world, queue)
    [record] = await mailbox.list(world.registrar, RDDS_ONLY, "", 10)
    assert (record.id, record.state, record.sender) == (message_id, State.QUARANTINED, "ada@offers.example")
    await mailbox.release(world.registrar, message_id)
    with pytest.raises(NotFound):
        await mailbox.release(world.registrar, message_id)
    [record] = await mailbox.list(world.registrar, RDDS_ONLY, "", 10)
    assert record.state is State.QUEUED


async def test_what_waits_for_a_better_time_can_be_sent_at_once(
    world: World, queue: QueueStore, mailbox: Mailbox
) -> None:
    """Such as mail that a suspect mailbox refused, when the registrant has another one."""
    message_id = await _quarantined(world, queue)
    await mailbox.release(world.registrar, message_id)
    await queue.claim("worker", timedelta(minutes=1), 1)
    await queue.deferred("worker", message_id, "mailbox-suspect", world.clock() + timedelta(hours=6))

    await mailbox.release(world.registrar, message_id)

    assert [one.id for one in await queue.claim("worker", timedelta(minutes=1), 1)] == [message_id]


async def test_another_registrar_neither_sees_nor_touches_it(
    world: World, queue: QueueStore, mailbox: Mailbox
) -> None:
    message_id = await _quarantined(world, queue)
    other = await world.accounts.add_registrar("Other", "https://other.example")
    for touch in (mailbox.release, mailbox.discard):
        with pytest.raises(NotFound):
            await touch(other, message_id)
    with pytest.raises(NotFound):
        await mailbox.list(other, RDDS_ONLY, "", 10)
    await mailbox.discard(world.registrar, message_id)
    [record] = await mailbox.list(world.registrar, RDDS_ONLY, "", 10)
    assert record.state is State.DISCARDED
