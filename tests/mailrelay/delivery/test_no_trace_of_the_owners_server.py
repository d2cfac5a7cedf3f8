"""What the owner's mail server is called and what it says stays with us, however it fails."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailrelay.delivery.schedule import Schedule
from mailrelay.directory import MailboxRest
from mailrelay.dsn_request import DsnRequest, Notify
from mailrelay.queue.entry import Direction, QueuedMessage, State
from tests.mailrelay.delivery.scripted_server import ScriptedServer
from tests.mailrelay.server.client import Client
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, open_world, utc_now
from whoisproxy.demo.cast import traces_in
from whoisproxy.demo.mail_actors import Letter, send

CELLAR = "mx7.cellar.home.example"
WORDS = (
    f"<{OWNER_MAILBOX}> at {CELLAR} [203.0.113.77]: mailbox of Zoe Mueller-Lefevre, quota 17 GB, rule 4711"
)
PLANTED = (CELLAR, "cellar", "203.0.113.77", "17 GB", "4711", "home.example", OWNER_MAILBOX)
_CHANGING = re.compile(
    rb"(?m)^(Date|Arrival-Date|Message-ID|DKIM-Signature|\s+\S*=).*$|=_[0-9a-f]{32}|boundary=.*|<[^<>@]+@[^<>]+>"
)
LATER = timedelta(hours=1)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """The owner's mail server, full of what nobody may hear."""
    async with ScriptedServer() as scripted:
        scripted.greeting = f"220 {CELLAR} ESMTP, {WORDS}"
        for verb in ("MAIL", "RCPT", "END"):
            scripted.always(verb, f"250 2.0.0 ok, {WORDS}")
        yield scripted


@pytest.fixture
async def world(tmp_path: Path, server: ScriptedServer) -> AsyncIterator[World]:
    async with open_world(tmp_path, deliver_to=server.port) as opened:
        yield opened


async def _told(world: World) -> list[QueuedMessage]:
    """Return what waits for the stranger."""
    claimed = await world.store.claim("test", LATER, 10)
    return [one for one in claimed if one.direction is Direction.DSN]


async def _delivered(world: World) -> None:
    [message] = await world.store.claim("test", LATER, 1)
    await world.deliverer.deliver(message)


def _silent_about_him(*texts: object) -> None:
    said = " ".join(text.decode() if isinstance(text, bytes) else str(text) for text in texts)
    assert [planted for planted in PLANTED if planted in said] == []
    assert traces_in(said) == []


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ("greeting", "554 5.7.1"),
        ("EHLO", "550 5.7.1"),
        ("MAIL", "550 5.1.8"),
        ("RCPT", "550 5.7.1"),
        ("RCPT", "552 5.2.2"),
        ("RCPT", "451 4.2.1"),
        ("DATA", "554 5.6.0"),
        ("END", "552 5.3.4"),
        ("END", "421 4.3.2"),
    ],
)
async def test_every_failure_looks_the_same_to_the_stranger(
    world: World, server: ScriptedServer, stage: str, code: str
) -> None:
    """Refused at once or tried in vain: the world of this test gives up with the first try."""
    if stage == "greeting":
        server.greeting = f"{code} {WORDS}"
    else:
        server.always(stage, f"{code} {WORDS}")
        server.always("HELO", f"{code} {WORDS}")

    with capture_logs() as logs:
        await world.stranger_writes()
        await _delivered(world)
        [report] = await _told(world)

    assert (report.recipient, report.reverse_path) == (STRANGER, "")
    _silent_about_him(report.raw, logs)
    assert report.raw.count(b"Status: 5.0.0") == 1
    assert b"Diagnostic-Code" not in report.raw
    assert b"Remote-MTA" not in report.raw


async def test_reports_differ_in_nothing_but_time_and_ids(world: World, server: ScriptedServer) -> None:
    told = set()
    for stage, code in (("RCPT", "550 5.7.1"), ("END", "451 4.2.1"), ("END", "552 5.3.4")):
        server.once(stage, f"{code} {WORDS}")
        await world.stranger_writes()
        await _delivered(world)
        [report] = await _told(world)
        await world.store.drop(report.id)
        told.add(_CHANGING.sub(b"", report.raw))

    assert len(told) == 1


async def test_a_mailbox_that_is_gone_for_long_is_told_of_in_neutral_words(
    world: World, server: ScriptedServer
) -> None:
    world.directory.health.rest = MailboxRest(utc_now() + LATER, lasting=True)
    server.always("RCPT", f"550 5.1.1 {WORDS}")

    with capture_logs() as logs:
        await world.stranger_writes()
        await _delivered(world)
        [notice] = await _told(world)

    _silent_about_him(notice.raw, logs)
    assert b"could not be delivered yet" in notice.raw


async def test_what_comes_back_later_says_nothing_either(world: World) -> None:
    await world.stranger_writes()
    [message] = await world.store.claim("test", LATER, 1)
    await world.deliverer.deliver(message)
    bounce = (
        f"From: mailer@{CELLAR}\r\nContent-Type: multipart/report; boundary=x\r\n\r\n"
        f"--x\r\n\r\n{WORDS}\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; {CELLAR}\r\n\r\nFinal-Recipient: rfc822; {OWNER_MAILBOX}\r\nAction: failed\r\n"
        f"Status: 5.2.2\r\nRemote-MTA: dns; {CELLAR}\r\nDiagnostic-Code: smtp; 552 5.2.2 {WORDS}\r\n--x--\r\n"
    )
    reverse_path = world.bounces.encode(message.id, utc_now())

    with capture_logs() as logs:
        assert (await send(world.port, "", reverse_path, bounce.encode())).code == 250
        await _delivered(world)
        [report] = await _told(world)

    _silent_about_him(report.raw, logs)
    assert b"Status: 5.0.0" in report.raw


async def test_retries_are_invisible_whatever_was_asked(world: World, server: ScriptedServer) -> None:
    server.always("RCPT", f"451 4.2.1 {WORDS}")
    world.deliverer._schedule = Schedule((timedelta(hours=8),))
    await world.stranger_writes()
    [message] = await world.store.claim("test", LATER, 1)
    everything = DsnRequest(frozenset(Notify), returns_full=True)
    late = replace(message, request=everything, received_at=utc_now() - timedelta(hours=5))

    await world.deliverer.deliver(late)

    assert await _told(world) == []


@pytest.mark.parametrize("kind", ["delivered", "quarantined", "resting"])
async def test_success_is_reported_when_mail_is_taken_and_whatever_becomes_of_it(
    world: World, kind: str
) -> None:
    """The report is written before anybody asks for the owner: it is durable with the message."""
    recipient = RELAY_ADDRESS
    raw = world.offers.sign(Letter(STRANGER, recipient, "Your domain", "Is it for sale?\n").raw())
    if kind == "resting":
        world.directory.health.suspects.add(OWNER_MAILBOX)
    if kind == "quarantined":
        world.dns.set("_dmarc.offers.example", "TXT", "v=DMARC1; p=quarantine")
        raw = raw.replace(b"From: ", b"X-From: ").replace(b"To: ", b"From: <a@neighbours.example>\r\nTo: ", 1)
        world.dns.set("_dmarc.neighbours.example", "TXT", "v=DMARC1; p=quarantine")
    client = await Client.connect(world.port)
    await client.say("EHLO mx.offers.example")
    await client.say(f"MAIL FROM:<{STRANGER}>")
    await client.say(f"RCPT TO:<{recipient}> NOTIFY=SUCCESS")
    await client.say("DATA")
    assert (await client.say(raw.decode() + ".")).startswith("250")
    client.writer.close()
    await client.writer.wait_closed()

    records = await world.store.of_relay(["relay_1"], 10)
    [report] = await _told(world)

    expected = State.QUARANTINED if kind == "quarantined" else State.QUEUED
    assert expected in {record.state for record in records if record.direction is Direction.FORWARD}
    assert b"Action: relayed" in report.raw
    assert f"Final-Recipient: rfc822; {RELAY_ADDRESS}".encode() in report.raw
    _silent_about_him(report.raw)
