"""When a mail server says that the owner's mailbox is gone: nothing is lost, and nobody is told who he is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailrelay.directory import MailboxRest
from mailrelay.queue.entry import State
from tests.mailrelay.world import OWNER, OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, utc_now
from whoisproxy.demo.cast import traces_in
from whoisproxy.demo.mail_actors import Letter, send

SECOND = "zoe@second.home.example"
GONE = "550 5.1.1 no such user"
LATER = timedelta(hours=1)


def rest(world: World, *, lasting: bool) -> None:
    world.directory.health.rest = MailboxRest(utc_now() + LATER, lasting=lasting)


def on_trial(world: World) -> None:
    """Let a suspect mailbox out of its rest."""
    health = world.directory.health
    health.in_order = lambda owner: replace(owner, suspects=frozenset(owner.mailboxes))  # type: ignore[method-assign]


async def states(world: World) -> list[State]:
    return [record.state for record in await world.store.of_relay(["relay_1"], 10)]


def hard_report(recipient: str, status: str = "5.1.1") -> bytes:
    return report(
        "delivery-status",
        "Reporting-MTA: dns; home.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {status}",
    )


def report(kind: str, fields: str) -> bytes:
    return (
        "From: mailer@home.example\r\nContent-Type: multipart/report; boundary=x\r\n\r\n"
        f"--x\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n--x--\r\n"
    ).encode()


_DELAY = """\
From: mailer-daemon@home.example
Subject: Delayed Mail (still being retried)

<zoe.lefevre@home.example>: connection timed out
"""


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (GONE, "5.1.1"),
        ("550 5.1.6 moved", "5.1.6"),
        ("550 5.2.1 disabled", "5.2.1"),
        ("550 User unknown", "5.0.0"),
    ],
)
async def test_a_message_is_kept_and_its_mailbox_suspect(world: World, answer: str, status: str) -> None:
    world.sink.answer(OWNER_MAILBOX, answer)

    await world.stranger_writes()
    await world.settle()

    [record] = await world.store.of_relay(["relay_1"], 10)
    assert (record.state, record.last_error) == (State.DEFERRED, "mailbox-suspect")
    [failure] = world.directory.health.failures
    assert (failure.mailbox, failure.status) == (OWNER_MAILBOX, status)
    assert failure.message_id == record.id
    assert world.sink.messages == []


async def test_a_refusal_of_the_message_itself_says_nothing_about_the_mailbox(world: World) -> None:
    world.sink.answer(OWNER_MAILBOX, "552 5.2.3 too large")

    await world.stranger_writes()
    await world.settle()

    assert await states(world) == [State.BOUNCED]
    assert world.directory.health.failures == []


async def test_the_second_mailbox_gets_what_the_first_refuses_and_what_follows(world: World) -> None:
    world.directory.health.owners["relay_1"] = replace(OWNER, mailboxes=(OWNER_MAILBOX, SECOND))
    world.dns.set("second.home.example", "MX", "10 mx.home.example.")
    world.sink.answer(OWNER_MAILBOX, GONE)

    for _ in range(2):
        await world.stranger_writes()
    await world.settle()

    assert len(await world.arrived_at(SECOND, 2)) == 2
    assert await states(world) == [State.DELIVERED] * 2
    assert {failure.mailbox for failure in world.directory.health.failures} == {OWNER_MAILBOX}


async def test_while_all_mailboxes_rest_none_is_tried(world: World) -> None:
    world.directory.health.suspects.add(OWNER_MAILBOX)

    await world.stranger_writes()
    await world.settle()

    assert await states(world) == [State.DEFERRED]
    assert world.directory.health.failures == []
    assert world.sink.messages == []


async def test_a_kept_message_is_tried_again_when_its_time_comes(world: World) -> None:
    world.directory.health.rest = MailboxRest(utc_now(), lasting=False)
    world.directory.health.suspects.add(OWNER_MAILBOX)
    await world.stranger_writes()
    [claimed] = await world.store.claim("test", LATER, 1)
    await world.deliverer.deliver(claimed)
    assert await states(world) == [State.DEFERRED]

    world.directory.health.suspects.clear()
    await world.settle()

    assert len(await world.arrived_at(OWNER_MAILBOX)) == 1


async def test_what_is_undeliverable_can_be_released_and_thrown_away(world: World) -> None:
    rest(world, lasting=True)
    world.directory.health.suspects.add(OWNER_MAILBOX)
    for _ in range(2):
        await world.stranger_writes()
    await world.settle()
    one, other = await world.store.of_relay(["relay_1"], 10)
    assert {one.state, other.state} == {State.UNDELIVERABLE}

    world.directory.health.suspects.clear()
    assert await world.store.release(one.id)
    assert await world.store.discard(other.id)
    await world.settle()

    assert len(await world.arrived_at(OWNER_MAILBOX)) == 1


async def test_what_was_undeliverable_goes_out_when_the_mailbox_works_again(world: World) -> None:
    health = world.directory.health
    rest(world, lasting=True)
    health.suspects.add(OWNER_MAILBOX)
    await world.stranger_writes()
    await world.settle()
    assert await states(world) == [State.UNDELIVERABLE]

    on_trial(world)
    await world.stranger_writes()
    await world.settle()

    assert len(await world.arrived_at(OWNER_MAILBOX, 2)) == 2
    assert await states(world) == [State.DELIVERED] * 2


async def test_a_suspect_mailbox_that_takes_mail_is_reported_well_and_a_good_one_is_not(world: World) -> None:
    health = world.directory.health
    health.owners["relay_1"] = replace(OWNER, mailboxes=(OWNER_MAILBOX,))
    await world.stranger_writes()
    await world.settle()
    assert health.recovered == []

    on_trial(world)
    await world.stranger_writes()
    await world.settle()

    assert health.recovered == [OWNER_MAILBOX]


async def test_after_a_lasting_failure_the_correspondent_gets_one_neutral_notice(world: World) -> None:
    world.sink.answer(OWNER_MAILBOX, GONE)
    rest(world, lasting=True)

    for _ in range(3):
        await world.stranger_writes()
    await world.settle()

    [notice] = world.sink.messages
    assert (notice.reverse_path, notice.recipients) == ("", (STRANGER,))
    assert b"Auto-Submitted: auto-replied" in notice.raw
    assert RELAY_ADDRESS.encode() in notice.raw
    assert b"https://registrar.example/contact" in notice.raw
    assert traces_in(notice.raw) == []
    assert await states(world) == [State.UNDELIVERABLE] * 3


async def test_nobody_unproven_is_told_of_a_lasting_failure(world: World) -> None:
    """No backscatter: the reverse-path may be a bystander's."""
    world.dns.set("offers.example", "TXT", "v=spf1 ?all")
    world.dns.set("_dmarc.offers.example", "TXT", "v=DMARC1; p=none")
    world.sink.answer(OWNER_MAILBOX, GONE)
    rest(world, lasting=True)

    raw = Letter(f"Ada <{STRANGER}>", RELAY_ADDRESS, "Domain", "For sale?\n").raw()
    assert (await send(world.port, STRANGER, RELAY_ADDRESS, raw)).code == 250
    await world.settle()

    assert world.sink.messages == []
    assert world.directory.health.told == set()


async def test_a_later_report_that_the_mailbox_is_gone_makes_it_suspect(world: World) -> None:
    await world.stranger_writes()
    await world.settle()
    [letter] = await world.arrived_at(OWNER_MAILBOX)

    await send(world.port, "", letter.reverse_path, hard_report(OWNER_MAILBOX))
    await world.settle()

    [failure] = world.directory.health.failures
    [record] = await world.store.of_relay(["relay_1"], 10)
    assert (failure.mailbox, failure.status, failure.reason) == (OWNER_MAILBOX, "5.1.1", "no-such-user")
    assert failure.message_id == record.id


@pytest.mark.parametrize(
    "raw",
    [
        hard_report(OWNER_MAILBOX, "5.7.1"),
        b"From: zoe.lefevre@home.example\r\nAuto-Submitted: auto-replied\r\n\r\nAway\r\n",
        report("feedback-report", "Feedback-Type: abuse"),
        _DELAY.replace("\n", "\r\n").encode(),
    ],
    ids=["soft", "auto-reply", "feedback", "delay"],
)
async def test_what_says_nothing_against_the_mailbox_changes_nothing(world: World, raw: bytes) -> None:
    await world.stranger_writes()
    await world.settle()
    [letter] = await world.arrived_at(OWNER_MAILBOX)

    assert (await send(world.port, "", letter.reverse_path, raw)).code == 250
    await world.settle()

    assert world.directory.health.failures == []
