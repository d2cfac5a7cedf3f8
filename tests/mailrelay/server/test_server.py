"""What a client may do to the mail server, over real sockets."""

import asyncio
import socket
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from mailrelay.checks.stages import ConnectionContext
from mailrelay.checks.verdict import Reply
from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest, Notify
from mailrelay.server import MailServer, ServerLimits
from mailrelay.transaction import Transaction
from tests.mailrelay.server.client import HEADER, MAIL, RCPT, Client, Witness, another_server, stored
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_HOST, STRANGER, World, open_world


async def test_dots_are_unstuffed_and_every_other_octet_is_kept(world: World) -> None:
    client = await Client.connect(world)
    await client.begin()
    body = b"..one dot\r\n...\r\n\xff\xfe binary\ttab \r\n"

    assert (await client.say(HEADER + body + b".")).startswith("250 2.0.0 OK msg_")
    await client.close()

    [queued] = await world.store.claim("w", world.worker._lease, 1)
    assert queued.raw == HEADER + b".one dot\r\n..\r\n\xff\xfe binary\ttab \r\n"


async def test_a_message_too_large_gets_552_declared_or_not(tmp_path: Path) -> None:
    async with open_world(tmp_path, ServerLimits(size_octets=10_000)) as world:
        client = await Client.connect(world)
        await client.say("EHLO offers.example")
        assert (await client.say(f"MAIL FROM:<{STRANGER}> SIZE=10001")).startswith("552")
        await client.begin()
        assert (await client.say(HEADER + b"x" * 300_000 + b"\r\n.")).startswith("552 5.3.4")
        await client.begin()
        assert (await client.say(HEADER + b"fits\r\n.")).startswith("250")
        await client.close()
        assert await stored(world) == 1


async def test_half_a_message_is_no_message(world: World) -> None:
    client = await Client.connect(world)
    await client.begin()
    client.writer.write(HEADER + b"the rest never co")
    await client.writer.drain()
    await client.close()

    other = await Client.connect(world)
    assert (await other.say("NOOP")).startswith("250")
    await other.close()
    assert await stored(world) == 0


async def test_a_client_that_leaves_after_the_final_dot_cannot_stop_the_commit(world: World) -> None:
    client = await Client.connect(world)
    await client.begin()
    client.writer.write(HEADER + b"bye\r\n.\r\n")
    await client.writer.drain()
    client.writer.transport.abort()

    async with asyncio.timeout(10):
        await world.store.wakeup.wait()
    assert await stored(world) == 1
    await client.close()


async def test_a_message_under_way_is_taken_before_the_server_closes(world: World) -> None:
    """Whoever waits for the end of the server is not told so in the middle of a message."""
    busy, idle = await Client.connect(world), await Client.connect(world)
    await busy.begin()
    closing = asyncio.create_task(world.server.close())
    busy.writer.write(HEADER)
    assert not closing.done()
    assert (await busy.say(b"text\r\n.")).startswith("250 2.0.0")
    await closing
    assert (await idle.answer()).startswith("421 4.3.2")
    assert await stored(world) == 1
    await busy.close()
    await idle.close()


async def test_a_fault_of_ours_is_451_and_the_transaction_is_forgotten(world: World) -> None:
    """The library would answer 500 with the exception's text, and keep sender and recipients."""
    world.keys._keys["reg_1"] = b"too short to be a key"
    client = await Client.connect(world)
    await client.begin()

    assert await client.say(HEADER + b"x\r\n.") == "451 4.3.0 Please try again later"
    assert (await client.say("DATA")).startswith("503")
    assert (await client.say(MAIL)).startswith("250")
    await client.close()


async def test_the_end_of_data_keeps_nothing_of_the_transaction(world: World) -> None:
    client = await Client.connect(world)
    await client.begin()
    assert (await client.say(HEADER + b"one\r\n.")).startswith("250")
    assert (await client.say("DATA")).startswith("503")
    await client.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\xfe",
        b"MAIL FROM:<a@b>" + b"x" * 5000,
        b"EHLO",
        b"RCPT TO:<",
        b"AUTH PLAIN x",
    ],
)
async def test_garbage_is_answered_and_the_session_goes_on(world: World, garbage: bytes) -> None:
    client = await Client.connect(world)
    assert (await client.say(garbage))[0] == "5"
    assert (await client.say("EHLO x.example")).startswith("250")
    await client.close()


async def test_an_unknown_address_is_refused_in_the_words_of_every_other(world: World) -> None:
    client = await Client.connect(world)
    await client.say("EHLO x.example")
    await client.say(MAIL)
    unknown = await client.say("RCPT TO:<nobody@relay.example>")
    forged_return = await client.say("RCPT TO:<b-00000000000000000000000000@relay.example>")
    elsewhere = await client.say(f"RCPT TO:<{OWNER_MAILBOX}>")
    assert unknown == forged_return == elsewhere == "550 5.1.1 No such address here"
    await client.close()


async def test_a_fault_before_the_banner_is_temporary(world: World) -> None:
    class Broken(Witness):
        async def connected(self, context: ConnectionContext) -> Reply | None:
            raise RuntimeError(context.peer_ip)

    async with another_server(Broken(world.inbound)) as server:
        client = await Client.open(server.ports["smtp"])
        assert await client.rest() == "451 4.3.0 Please try again later\r\n"
        await client.close()


async def test_wishes_of_mail_and_rcpt_come_to_each_recipient(world: World) -> None:
    """RFC 3461: RET and ENVID are of the message, NOTIFY and ORCPT of the recipient."""
    witness = Witness(world.inbound)
    async with another_server(witness) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.say("EHLO a.example")
        await client.say(f"{MAIL} RET=FULL ENVID=QQ314")
        await client.say(f"{RCPT} NOTIFY=DELAY ORCPT=rfc822;zoe@a.example")
        await client.say("RCPT TO:<postmaster> NOTIFY=NEVER")
        await client.say("RSET")
        await client.say(MAIL)
        await client.say(RCPT)
        await client.close()
    shared = DsnRequest(returns_full=True, envelope_id="QQ314")
    assert witness.requests == [
        replace(shared, notify=frozenset({Notify.DELAY}), original_recipient="rfc822;zoe@a.example"),
        replace(shared, notify=frozenset()),
        NOTHING_ASKED,
    ]


async def test_it_listens_on_a_socket_that_somebody_else_opened(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        server = MailServer(world.inbound, host="127.0.0.1", port=25, hostname=RELAY_HOST)
        await server.start({"smtp": opened})
        assert server.ports == {"smtp": opened.getsockname()[1]}
        client = await Client.connect(server.ports["smtp"])
        await client.close()
        await server.close()


async def test_answers_are_counted_by_stage(world: World) -> None:
    def count(stage: str, kind: str) -> float:
        labels = {"stage": stage, "kind": kind}
        return REGISTRY.get_sample_value("mailrelay_smtp_answers_total", labels) or 0.0

    before = count("message", "done"), count("rcpt", "refused")
    client = await Client.connect(world)
    await client.say("EHLO a.example")
    await client.say(MAIL)
    await client.say("RCPT TO:<nobody@relay.example>")
    await client.say(RCPT)
    await client.say("DATA")
    await client.say(HEADER + b"x\r\n.")
    assert (count("message", "done"), count("rcpt", "refused")) == (before[0] + 1, before[1] + 1)
    await client.close()


async def test_nothing_is_begun_for_a_client_that_has_left(world: World) -> None:
    """Its message under way is stored; of what it sent behind that it will never see an answer."""
    storing, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Witness):
        async def message(self, transaction: Transaction, raw: bytes) -> Reply:
            storing.set()
            await go_on.wait()
            return await super().message(transaction, raw)

    witness = Slow(world.inbound)
    async with another_server(witness) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.begin()
        again = f"{MAIL}\r\n{RCPT}\r\nDATA\r\n".encode() + HEADER + b"two\r\n.\r\n"
        client.writer.write(HEADER + b"one\r\n.\r\n" + again)
        await storing.wait()
        # A reset; a mere end may come from a client that still listens.
        plain = client.writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.writer.transport.abort()
        async with asyncio.timeout(10):
            while server.connections:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)
        go_on.set()
        async with asyncio.timeout(10):
            await world.store.wakeup.wait()
    assert len(witness.senders) == 1
    assert await stored(world) == 1
    await client.close()
