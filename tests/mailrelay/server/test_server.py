"""What a client may do to the mail server, over real sockets."""

import asyncio
import contextlib
import json
import ssl
from pathlib import Path

import pytest

from mailrelay.server import MailServer, ServerLimits
from registries.sandbox.authority import CertificateAuthority
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, RELAY_HOST, STRANGER, World, open_world

SMUGGLING = (
    Path(__file__).parents[3] / "../shared/data/mail/smtp_smuggling/end_of_data_sequences.json"
).resolve()
HEADER = f"From: {STRANGER}\r\nTo: {RELAY_ADDRESS}\r\nSubject: x\r\n\r\n".encode()


class Client:
    """SMTP by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, world_or_port: World | int) -> "Client":
        port = world_or_port if isinstance(world_or_port, int) else world_or_port.port
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        assert (await client.answer()).startswith("220 ")
        return client

    async def answer(self) -> str:
        """Return the last line of the next answer, empty at the end of the connection."""
        async with asyncio.timeout(10):
            while True:
                line = (await self.reader.readline()).decode()
                if line[3:4] != "-":
                    return line.strip()

    async def say(self, line: bytes | str) -> str:
        self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return await self.answer()

    async def begin(self, recipient: str = RELAY_ADDRESS) -> None:
        """Come to the point where a message is expected."""
        for line in ("EHLO offers.example", f"MAIL FROM:<{STRANGER}>", f"RCPT TO:<{recipient}>", "DATA"):
            assert (await self.say(line))[0] in "23"

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def _stored(world: World) -> int:
    return len(await world.store.search(100))


def _sequences() -> list[tuple[str, str]]:
    if not SMUGGLING.exists():
        return []
    return [(one["name"], one["hex"]) for one in json.loads(SMUGGLING.read_text())["sequences"]]


@pytest.mark.skipif(not SMUGGLING.exists(), reason="the collection of smuggling sequences is not here")
@pytest.mark.parametrize(("name", "sequence"), _sequences())
async def test_a_smuggled_message_is_never_taken(world: World, name: str, sequence: str) -> None:
    """CVE-2023-51764 and kin: only CRLF.CRLF ends a message."""
    client = await Client.connect(world)
    await client.begin()
    smuggled = (
        f"MAIL FROM:<admin@offers.example>\r\nRCPT TO:<{RELAY_ADDRESS}>\r\nDATA\r\n".encode()
        + HEADER
        + b"smuggled"
    )

    answer = await client.say(HEADER + b"honest" + bytes.fromhex(sequence) + smuggled + b"\r\n.")

    assert answer[0] in "25", name
    assert await _stored(world) <= 1
    if answer[0] == "2":
        [kept] = await world.store.of_relay(["relay_1"], 10)
        assert kept.sender == STRANGER
    assert (await client.say("QUIT")).startswith("221")
    await client.close()


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
        assert await _stored(world) == 1


async def test_half_a_message_is_no_message(world: World) -> None:
    client = await Client.connect(world)
    await client.begin()
    client.writer.write(HEADER + b"the rest never co")
    await client.writer.drain()
    await client.close()

    other = await Client.connect(world)
    assert (await other.say("NOOP")).startswith("250")
    await other.close()
    assert await _stored(world) == 0


async def test_a_client_that_leaves_after_the_final_dot_cannot_stop_the_commit(world: World) -> None:
    client = await Client.connect(world)
    await client.begin()
    client.writer.write(HEADER + b"bye\r\n.\r\n")
    await client.writer.drain()
    client.writer.transport.abort()

    async with asyncio.timeout(10):
        await world.store.wakeup.wait()
    assert await _stored(world) == 1
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
    assert await _stored(world) == 1
    await busy.close()
    await idle.close()


async def test_a_fault_of_ours_is_451_and_the_transaction_is_forgotten(world: World) -> None:
    """The library would answer 500 with the exception's text, and keep sender and recipients."""
    world.keys._keys["reg_1"] = b"too short to be a key"
    client = await Client.connect(world)
    await client.begin()

    assert await client.say(HEADER + b"x\r\n.") == "451 4.3.0 Please try again later"
    assert (await client.say("DATA")).startswith("503")
    assert (await client.say(f"MAIL FROM:<{STRANGER}>")).startswith("250")
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
        b"GET / HTTP/1.1",
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
    await client.say(f"MAIL FROM:<{STRANGER}>")
    unknown = await client.say("RCPT TO:<nobody@relay.example>")
    forged_return = await client.say("RCPT TO:<b-00000000000000000000000000@relay.example>")
    elsewhere = await client.say(f"RCPT TO:<{OWNER_MAILBOX}>")
    assert unknown == forged_return == elsewhere == "550 5.1.1 No such address here"
    await client.close()


async def test_too_many_errors_end_the_connection(tmp_path: Path) -> None:
    async with open_world(tmp_path, ServerLimits(errors=3)) as world:
        client = await Client.connect(world)
        for _ in range(3):
            assert (await client.say("RCPT"))[0] == "5"
        assert (await client.say("RCPT")).startswith("421")
        assert await client.answer() == ""
        await client.close()


async def test_one_address_cannot_take_all_connections(tmp_path: Path) -> None:
    async with open_world(tmp_path, ServerLimits(connections_per_address=2)) as world:
        first, second = await Client.connect(world), await Client.connect(world)
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        assert (await reader.read()).startswith(b"421 4.7.0")
        writer.close()
        await writer.wait_closed()
        assert (await first.say("QUIT")).startswith("221")
        await first.close()
        await second.close()


async def test_a_silent_client_is_hung_up_on(tmp_path: Path) -> None:
    async with open_world(tmp_path, ServerLimits(command_s=0.2)) as world:
        client = await Client.connect(world)
        assert await client.answer() == ""
        await client.close()


async def test_starttls_encrypts_and_forgets_what_was_said_before(world: World, tmp_path: Path) -> None:
    """CVE-2024-34083: commands sent in the clear behind STARTTLS must not count."""
    authority = CertificateAuthority(tmp_path / "ca")
    issued = authority.issue(RELAY_HOST)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    server = MailServer(world.inbound, host="127.0.0.1", port=0, hostname=RELAY_HOST, tls=context)
    client = await Client.connect(await server.start())
    try:
        client.writer.write(b"EHLO a.example\r\n")
        lines = [await client.reader.readline() for _ in range(6)]
        assert b"250-STARTTLS\r\n" in lines
        client.writer.write(b"STARTTLS\r\nMAIL FROM:<injected@offers.example>\r\n")
        assert (await client.answer()).startswith("220")
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        await client.writer.start_tls(trusting)
        assert (await client.say(f"RCPT TO:<{RELAY_ADDRESS}>")).startswith("503")
        client.writer.write(b"EHLO a.example\r\n")
        offered = [await client.reader.readline() for _ in range(5)]
        assert not [line for line in offered if b"AUTH" in line]
    finally:
        await client.close()
        await server.close()
