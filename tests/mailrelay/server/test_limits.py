"""What one client may use, and that others do not feel it."""

import asyncio
import socket

import pytest

from mailrelay.checks.verdict import Reply
from mailrelay.server import ServerLimits
from mailrelay.server.limits import PoliteNetworks
from mailrelay.transaction import Transaction
from tests.mailrelay.server.client import HEADER, MAIL, RCPT, Client, Witness, another_server, stored
from tests.mailrelay.world import World


async def test_too_many_errors_end_the_connection(world: World) -> None:
    async with another_server(world.inbound, ServerLimits(errors=3)) as server:
        client = await Client.connect(server.ports["smtp"])
        for _ in range(3):
            assert (await client.say("RCPT"))[0] == "5"
        assert await client.say("RCPT") == "421 4.7.0 Too many errors"
        assert await client.answer() == ""
        await client.close()


async def test_who_errs_much_waits_for_each_answer_and_others_do_not(world: World) -> None:
    """Guessing addresses costs the guesser time, and nobody else."""
    limits = ServerLimits(errors=6, free_errors=5, error_pause_s=3600)
    async with another_server(world.inbound, limits) as server:
        guessing, honest = [await Client.connect(server.ports["smtp"]) for _ in range(2)]
        for _ in range(5):
            assert (await guessing.say("RCPT"))[0] == "5"
        late = asyncio.create_task(guessing.say("RCPT"))
        await honest.begin()
        assert (await honest.say(HEADER + b"x\r\n.")).startswith("250")
        assert not late.done()
        late.cancel()
        await guessing.close()
        await honest.close()


async def test_a_message_in_drops_arrives_whole(world: World) -> None:
    """However small its pieces are, and though reading pauses between them."""
    witness = Witness(world.inbound)
    async with another_server(witness) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.begin()
        text = HEADER + b"".join(b"%d\r\n" % number for number in range(400))
        await client.dribble([bytes([octet]) for octet in text + b".\r\n"])
        assert (await client.answer()).startswith("250")
        assert witness.messages == [text]
        await client.close()


async def test_errors_and_commands_are_counted_from_one_message_to_the_next(world: World) -> None:
    """Whoever brings mail may go on; whoever only talks may not."""
    async with another_server(world.inbound, ServerLimits(errors=1, commands=6)) as server:
        client = await Client.connect(server.ports["smtp"])
        for _ in range(3):
            await client.begin()
            assert (await client.say(HEADER + b"x\r\n.")).startswith("250")
            assert (await client.say("RCPT"))[0] == "5"
        for _ in range(5):
            assert (await client.say("NOOP")).startswith("250")
        assert await client.say("NOOP") == "421 4.7.0 Too many commands without a message"
        assert await client.answer() == ""
        await client.close()


@pytest.mark.parametrize(
    "limits", [ServerLimits(messages=1), ServerLimits(recipients=1), ServerLimits(octets=300)]
)
async def test_a_connection_that_brought_enough_is_asked_to_open_another(
    world: World, limits: ServerLimits
) -> None:
    async with another_server(world.inbound, limits) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.begin()
        assert (await client.say(HEADER + b"x" * 200 + b"\r\n.")).startswith("250")
        assert (await client.say(MAIL)).startswith("421 4.7.0 Enough")
        assert await client.answer() == ""
        await client.close()


@pytest.mark.parametrize(
    ("limits", "addresses"),
    [
        (ServerLimits(connections=2), ["127.0.0.1", "127.0.1.1", "127.0.2.1"]),
        (ServerLimits(connections_per_address=2), ["127.0.0.1", "127.0.0.1", "127.0.0.1"]),
        (ServerLimits(connections_per_network=2), ["127.0.0.1", "127.0.0.2", "127.0.0.3"]),
    ],
)
async def test_nobody_takes_all_connections(world: World, limits: ServerLimits, addresses: list[str]) -> None:
    async with another_server(world.inbound, limits) as server:
        clients = [await Client.open(server.ports["smtp"], local_addr=(ip, 0)) for ip in addresses]
        answers = [await client.answer() for client in clients]
        assert [answer[:3] for answer in answers] == ["220", "220", "421"]
        assert (await clients[0].say("QUIT")).startswith("221")
        assert await clients[0].answer() == ""
        later = await Client.open(server.ports["smtp"], local_addr=(addresses[2], 0))
        assert (await later.answer()).startswith("220")
        for client in [*clients, later]:
            await client.close()


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ServerLimits(command_s=0.2), [b""]),
        (ServerLimits(command_s=0.2), [b"EH"]),
        (ServerLimits(message_s=0.2), [b"EHLO a.example\r\n"]),
        (ServerLimits(block_s=0.2), [f"EHLO a\r\n{MAIL}\r\n{RCPT}\r\nDATA\r\n".encode(), HEADER]),
        (ServerLimits(block_s=0.2), [f"EHLO a\r\n{MAIL}\r\n{RCPT}\r\nBDAT 9\r\n".encode(), b"half"]),
    ],
)
async def test_a_client_that_stops_is_told_and_hung_up_on(
    world: World, limits: ServerLimits, said: list[bytes]
) -> None:
    async with another_server(world.inbound, limits) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.dribble(said)
        assert (await client.rest()).endswith("421 4.4.2 Too slow, closing the connection\r\n")
        assert server.connections == 0
        await client.close()


async def test_a_message_that_trickles_is_too_slow(world: World) -> None:
    """Each octet comes in time; together they are too few."""
    limits = ServerLimits(block_s=0.3, octets_per_s=10_000)
    async with another_server(world.inbound, limits) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.begin()
        client.writer.write(HEADER)

        async def trickle() -> None:
            while True:
                client.writer.write(b"x")
                await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        assert await client.rest() == "421 4.4.2 Too slow, closing the connection\r\n"
        trickling.cancel()
        await client.close()
        assert await stored(world) == 0


async def test_messages_that_do_not_fit_into_memory_are_put_off(world: World) -> None:
    """And what others hold is theirs only until they leave."""
    limits = ServerLimits(memory_octets=100_000)
    async with another_server(world.inbound, limits) as server:
        hog, honest = await Client.connect(server.ports["smtp"]), await Client.connect(server.ports["smtp"])
        await hog.begin()
        await hog.dribble([HEADER + b"x\r\n" * 30_000] * 1)
        await honest.begin()
        letter = HEADER + b"x\r\n" * 10_000 + b"."
        assert await honest.say(letter) == "452 4.3.1 Out of memory, please try again later"
        await hog.close()
        await honest.begin()
        assert (await honest.say(letter)).startswith("250")
        await honest.close()


async def test_who_speaks_before_the_banner_is_an_early_talker(world: World) -> None:
    witness = Witness(world.inbound)
    async with another_server(witness, greet_delay_s=0.2) as server:
        hasty = await Client.open(server.ports["smtp"])
        hasty.writer.write(b"EHLO bot.example\r\n")
        assert (await hasty.answer()).startswith("220")
        await hasty.answer()
        await hasty.say(MAIL)
        polite = await Client.connect(server.ports["smtp"])
        await polite.say("EHLO a.example")
        await polite.say(MAIL)
        assert [sender.connection.early_talker for sender in witness.senders] == [True, False]
        await hasty.close()
        await polite.close()


async def test_who_does_not_wait_for_the_answer_to_ehlo_is_one_too(world: World) -> None:
    """RFC 2920 section 3.1: EHLO is the last command of a group."""
    witness = Witness(world.inbound)
    async with another_server(witness) as server:
        client = await Client.connect(server.ports["smtp"])
        client.writer.write(f"EHLO a.example\r\n{MAIL}\r\n".encode())
        assert (await client.answer()).startswith("250")
        assert (await client.answer()).startswith("250 2.1.0")
        assert witness.connections[0].early_talker is False
        assert witness.senders[0].connection.early_talker is True
        await client.close()


@pytest.mark.parametrize("line", ["GET / HTTP/1.1", "post /mail HTTP/1.0", "CONNECT x:25 HTTP/1.1"])
async def test_other_protocols_are_hung_up_on(world: World, line: str) -> None:
    client = await Client.connect(world)
    client.writer.write(f"{line}\r\nHost: x\r\n\r\nEHLO a.example\r\n".encode())
    assert await client.answer() == "554 5.5.1 This is a mail server"
    await client.close()


@pytest.mark.parametrize(
    "line", [b"NOOP\n", b"NOOP\rNOOP\r\n", b"NOOP\r\r\n", b"\n", b"EHLO a\nMAIL FROM:<>\r\n"]
)
async def test_a_command_line_ends_in_crlf_and_nothing_else(world: World, line: bytes) -> None:
    """RFC 5321 section 2.3.8; what stands behind a bare line end is never obeyed."""
    client = await Client.connect(world)
    client.writer.write(line)
    assert await client.answer() == "500 5.5.2 Lines end in CRLF and nothing else"
    await client.close()


async def test_answers_nobody_reads_stop_the_reading(world: World) -> None:
    """A client that only sends is read no further; nothing grows."""
    limits = ServerLimits(commands=10**9, octets=10**12)
    async with another_server(world.inbound, limits) as server:
        client = await Client.connect(server.ports["smtp"])
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sent = 0
        # The system's buffers hold some megabytes; the server must not hold the rest.
        while client.writer.transport.get_write_buffer_size() == 0 and sent < 50_000_000:
            client.writer.write(b"EHLO a.example\r\n" * 2000)
            sent += 32_000
            await asyncio.sleep(0)
        assert sent < 50_000_000
        client.writer.transport.abort()
        await client.close()


async def test_slow_clients_do_not_hold_up_others(world: World) -> None:
    """Slow-loris: many connections that send an octet now and then."""
    limits = ServerLimits(connections_per_address=400, connections_per_network=400)
    async with another_server(world.inbound, limits) as server:
        slow = [await Client.connect(server.ports["smtp"]) for _ in range(150)]
        for client in slow:
            client.writer.write(b"E")
        holding = [await Client.connect(server.ports["smtp"]) for _ in range(50)]
        for client in holding:
            await client.begin()
            client.writer.write(HEADER)
        honest = await Client.connect(server.ports["smtp"])
        await honest.begin()
        assert (await honest.say(HEADER + b"x\r\n.")).startswith("250")
        for client in [*slow, *holding, honest]:
            await client.close()


@pytest.mark.parametrize(
    "absurd", [b"x" * 10_000_000 + b"\r\n", b"a: b\r\n" * 100_000], ids=["line", "headers"]
)
async def test_absurd_messages_are_refused_and_the_session_goes_on(world: World, absurd: bytes) -> None:
    client = await Client.connect(world)
    await client.begin()
    assert await client.say(HEADER[:-2] + absurd + b".") == "554 5.6.0 Message is not well-formed"
    assert (await client.say("NOOP")).startswith("250")
    assert await stored(world) == 0
    await client.close()


async def test_a_message_without_end_ends(world: World) -> None:
    limits = ServerLimits(size_octets=1000, octets=1000, command_s=1)
    async with another_server(world.inbound, limits) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.begin()
        client.writer.write(b"x" * 5000)
        assert await client.rest() == "421 4.7.0 Enough for one connection, please open another\r\n"
        await client.close()


async def test_a_decision_that_takes_too_long_is_still_carried_out(world: World) -> None:
    """The client is told to try again; what it sees twice then is one message to be recognised, not lost."""
    decided, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Witness):
        async def message(self, transaction: Transaction, raw: bytes) -> Reply:
            decided.set()
            await go_on.wait()
            return await super().message(transaction, raw)

    async with another_server(Slow(world.inbound), ServerLimits(answer_s=0.2)) as server:
        client = await Client.connect(server.ports["smtp"])
        await client.begin()
        assert await client.say(HEADER + b"x\r\n.") == "421 4.4.2 Too slow, closing the connection"
        assert decided.is_set()
        await client.close()
        go_on.set()
        async with asyncio.timeout(10):
            await world.store.wakeup.wait()
    assert await stored(world) == 1


def test_the_networks_that_need_not_wait_are_few() -> None:
    polite = PoliteNetworks(max_networks=2)
    for ip in ("192.0.2.1", "198.51.100.1", "2001:db8::1"):
        polite.add(ip)
    assert "192.0.2.1" not in polite
    assert "198.51.100.77" in polite
    assert "2001:db8:0:ff::7" in polite
