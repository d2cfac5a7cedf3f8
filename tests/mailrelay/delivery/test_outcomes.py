"""What becomes of messages: owners hear of delays, strangers of the end; some rest with their destination."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest

from mailrelay.delivery.destinations import Destinations
from mailrelay.delivery.schedule import Schedule
from mailrelay.directory import Opening
from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest, Notify
from mailrelay.queue.entry import Direction, MessageRecord, NewMessage, QueuedMessage, State
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, utc_now
from whoisproxy.demo.mail_sink import SunkMessage

RAW = f"From: {STRANGER}\r\nTo: {RELAY_ADDRESS}\r\nSubject: x\r\n\r\nIs it for sale?\r\n".encode()
ON_DELAY = DsnRequest(frozenset({Notify.DELAY}))
ON_SUCCESS = DsnRequest(frozenset({Notify.SUCCESS}), envelope_id="QQ1")
NEVER = DsnRequest(frozenset())


async def _queued(world: World, request: DsnRequest = NOTHING_ASKED, *, proven: bool = True) -> str:
    [message_id] = await world.store.enqueue(
        [
            NewMessage(
                direction=Direction.FORWARD,
                owner_id="reg_1",
                relay_id="relay_1",
                recipient=RELAY_ADDRESS,
                reverse_path=STRANGER,
                raw=RAW,
                size_octets=len(RAW),
                proven=proven,
                request=request,
            )
        ]
    )
    return message_id


async def _answered(world: World, request: DsnRequest = NOTHING_ASKED) -> str:
    """Queue an answer of the owner to the stranger."""
    address = await world.directory.reply_address("relay_1", Opening(STRANGER))
    raw = f"From: {OWNER_MAILBOX}\r\nTo: {address}\r\nSubject: x\r\n\r\nYes.\r\n".encode()
    [message_id] = await world.store.enqueue(
        [
            NewMessage(
                direction=Direction.REPLY,
                owner_id="reg_1",
                relay_id="relay_1",
                recipient=address,
                reverse_path=OWNER_MAILBOX,
                raw=raw,
                size_octets=len(raw),
                proven=True,
                request=request,
            )
        ]
    )
    return message_id


async def _claimed(world: World) -> QueuedMessage:
    [message] = await world.store.claim("test", timedelta(minutes=1), 1)
    return message


async def _record(world: World, message_id: str) -> MessageRecord:
    record = await world.store.get(message_id)
    assert record is not None
    return record


def _action(report: SunkMessage) -> str:
    status = message_from_bytes(report.raw).get_payload(1)
    return str(status.get_payload(1)["Action"])  # type: ignore[union-attr, index]


def _told(world: World, whom: str = STRANGER) -> list[SunkMessage]:
    return [one for one in world.sink.messages if whom in one.recipients]


async def test_the_trail_says_how_the_message_went(world: World) -> None:
    message_id = await _queued(world)

    await world.settle()

    assert "delivered-tls-none" in (await _record(world, message_id)).trail


async def test_a_delay_is_reported_after_four_hours_once_to_owners_who_asked(world: World) -> None:
    world.deliverer._schedule = Schedule()
    world.sink.answer(STRANGER, "451 4.2.1 not now")
    message_id = await _answered(world, ON_DELAY)
    message = await _claimed(world)

    await world.deliverer.deliver(replace(message, received_at=utc_now() - timedelta(hours=3)))
    await world.settle()
    assert _told(world, OWNER_MAILBOX) == []

    await world.store.retry(message_id)
    late = replace(await _claimed(world), received_at=utc_now() - timedelta(hours=4))
    await world.deliverer.deliver(late)
    await world.settle()
    [report] = _told(world, OWNER_MAILBOX)
    assert _action(report) == "delayed"
    assert b"Will-Retry-Until: " in report.raw

    await world.store.retry(message_id)
    again = replace(await _claimed(world), received_at=utc_now() - timedelta(hours=8))
    assert again.warned_at is not None
    await world.deliverer.deliver(again)
    await world.settle()
    assert _told(world, OWNER_MAILBOX) == [report]


@pytest.mark.parametrize("request_", [NOTHING_ASKED, ON_DELAY, ON_SUCCESS, NEVER])
async def test_a_stranger_never_hears_of_a_delay(world: World, request_: DsnRequest) -> None:
    """It would tell him how the owner's mail server fares."""
    world.deliverer._schedule = Schedule()
    world.sink.answer(OWNER_MAILBOX, "451 4.2.1 not now")
    await _queued(world, request_)

    await world.deliverer.deliver(replace(await _claimed(world), received_at=utc_now() - timedelta(hours=5)))
    await world.settle()

    assert _told(world) == []


async def test_whoever_wants_to_hear_of_a_delay_has_an_attempt_at_the_hour(world: World) -> None:
    world.deliverer._schedule = Schedule((timedelta(hours=8), timedelta(hours=8)))
    for mailbox in (STRANGER, OWNER_MAILBOX):
        world.sink.answer(mailbox, "451 4.2.1 not now")
    ids = [await _answered(world, ON_DELAY), await _answered(world), await _queued(world, ON_DELAY)]

    await world.settle()

    due = [(await _record(world, message_id)).next_attempt_at - utc_now() for message_id in ids]
    assert timedelta(hours=3.9) < due[0] <= timedelta(hours=4)
    assert min(due[1:]) > timedelta(hours=6)


@pytest.mark.parametrize(
    ("request_", "proven", "told"),
    [
        (NOTHING_ASKED, True, True),
        (NOTHING_ASKED, False, False),
        (NEVER, True, False),
        (ON_SUCCESS, True, False),
        (DsnRequest(frozenset({Notify.FAILURE})), True, True),
    ],
)
async def test_a_failure_is_reported_to_proven_senders_who_did_not_decline(
    world: World, request_: DsnRequest, *, proven: bool, told: bool
) -> None:
    world.sink.answer(OWNER_MAILBOX, "550 5.7.1 no")
    message_id = await _queued(world, request_, proven=proven)

    await world.settle()

    assert [_action(report) for report in _told(world)] == ["failed"] * told
    assert (await _record(world, message_id)).state is State.BOUNCED


async def test_messages_for_a_destination_that_is_away_rest_together(
    world: World,
) -> None:
    world.deliverer._schedule = Schedule()
    world.deliverer._destinations = Destinations(rests_s=(1000.0,), failures=1)
    world.dns.set("mx.home.example", "A", "127.0.0.77")
    messages = [await _queued(world) for _ in range(3)]

    await world.settle()

    errors = [(await _record(world, message_id)).last_error for message_id in messages]
    assert errors[0] == "no-connection-at-connect"
    assert errors[1:] == ["destination-resting"] * 2


async def test_a_message_is_given_up_when_its_time_is_over_even_if_it_only_rested(world: World) -> None:
    world.deliverer._schedule = Schedule((timedelta(hours=1),))
    world.deliverer._destinations = Destinations(rests_s=(1000.0,), failures=1)
    world.deliverer._destinations.failed("home.example")
    message_id = await _queued(world)

    old = replace(await _claimed(world), received_at=utc_now() - timedelta(hours=2))
    await world.deliverer.deliver(old)
    await world.settle()

    assert (await _record(world, message_id)).state is State.BOUNCED
    [report] = _told(world)
    assert b"Status: 5.0.0" in report.raw


async def test_a_mailbox_without_a_domain_fails_like_one_that_is_gone(world: World) -> None:
    world.directory.health.owners["relay_1"] = replace(
        world.directory.health.owners["relay_1"], mailboxes=("nobody",)
    )
    message_id = await _queued(world)

    await world.settle()

    assert (await _record(world, message_id)).last_error == "mailbox-suspect"
    assert [failure.reason for failure in world.directory.health.failures] == ["bad-recipient"]
