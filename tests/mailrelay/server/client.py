"""SMTP by hand, and what its tests have in common."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self, cast

from mailrelay.checks.chains import CheckLimits
from mailrelay.checks.stages import ConnectionContext, SenderContext
from mailrelay.checks.verdict import Reply
from mailrelay.dsn_request import DsnRequest
from mailrelay.inbound import Inbound
from mailrelay.server import MailServer, ServerLimits
from mailrelay.transaction import Transaction
from tests.mailrelay.world import RELAY_ADDRESS, RELAY_HOST, STRANGER, World

HEADER = f"From: {STRANGER}\r\nTo: {RELAY_ADDRESS}\r\nSubject: x\r\n\r\n".encode()
MAIL = f"MAIL FROM:<{STRANGER}>"
RCPT = f"RCPT TO:<{RELAY_ADDRESS}>"
# Where many connections are made for one test.
UNHURRIED = CheckLimits(
    connections_per_minute=100_000,
    messages_per_minute=100_000,
    recipients_per_minute=100_000,
    errors_per_hour=100_000,
    unknown_recipients_per_hour=100_000,
)
_SEQUENCES = (
    Path(__file__).parents[3] / "../shared/data/mail/smtp_smuggling/end_of_data_sequences.json"
).resolve()


def ends_of_data() -> dict[str, bytes]:
    """Return the collected sequences that some server takes for the end of a message, by name."""
    if not _SEQUENCES.exists():
        return {}
    return {one["name"]: bytes.fromhex(one["hex"]) for one in json.loads(_SEQUENCES.read_text())["sequences"]}


class Client:
    """One session."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, **options: Any) -> Self:
        """Connect and say nothing."""
        client = cls(*await asyncio.open_connection("127.0.0.1", port, **options))
        plain = client.writer.get_extra_info("socket")
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    @classmethod
    async def connect(cls, world_or_port: World | int) -> Self:
        """Connect and wait for the banner."""
        client = await cls.open(world_or_port if isinstance(world_or_port, int) else world_or_port.port)
        assert (await client.answer()).startswith("220 ")
        return client

    async def answer(self) -> str:
        """Return the last line of the next answer, empty at the end of the connection."""
        return (await self.lines() or [""])[-1]

    async def lines(self) -> list[str]:
        """Return the lines of the next answer; none at the end of the connection."""
        found = []
        async with asyncio.timeout(10):
            while line := (await self.reader.readline()).decode():
                found.append(line.strip())
                if line[3:4] != "-":
                    break
        return found

    async def say(self, line: bytes | str) -> str:
        """Send a line and return the answer."""
        self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return await self.answer()

    async def begin(self, recipient: str = RELAY_ADDRESS) -> None:
        """Come to the point where a message is expected."""
        for line in ("EHLO offers.example", MAIL, f"RCPT TO:<{recipient}>", "DATA"):
            assert (await self.say(line))[0] in "23"

    async def dribble(self, pieces: list[bytes]) -> None:
        """Send pieces, each in a packet of its own as far as that can be had."""
        for piece in pieces:
            self.writer.write(piece)
            # Both sides share one loop: it gets the time to read what was written.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def rest(self) -> str:
        """Return all that is still said until the server closes."""
        return (await self.rest_of_bytes()).decode()

    async def rest_of_bytes(self) -> bytes:
        """Return the same where it need not be text; a reset is an end, too."""
        received = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                while octets := await self.reader.read(4096):
                    received += octets
        return received

    async def close(self) -> None:
        """Leave."""
        self.writer.close()
        with contextlib.suppress(ConnectionError, OSError):
            await self.writer.wait_closed()


class Witness:
    """Passes everything on to the relay's decisions, and remembers what they were asked."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound
        self.connections: list[ConnectionContext] = []
        self.senders: list[SenderContext] = []
        self.requests: list[DsnRequest] = []
        self.messages: list[bytes] = []

    async def connected(self, context: ConnectionContext) -> Reply | None:
        self.connections.append(context)
        return await self._inbound.connected(context)

    def erred(self, peer_ip: str) -> None:
        self._inbound.erred(peer_ip)

    async def sender(self, context: SenderContext) -> Reply:
        self.senders.append(context)
        return await self._inbound.sender(context)

    async def recipient(self, transaction: Transaction, address: str, request: DsnRequest) -> Reply:
        self.requests.append(request)
        return await self._inbound.recipient(transaction, address, request)

    async def message(self, transaction: Transaction, raw: bytes) -> Reply:
        self.messages.append(raw)
        return await self._inbound.message(transaction, raw)


@asynccontextmanager
async def another_server(
    inbound: Inbound | Witness, limits: ServerLimits | None = None, **options: Any
) -> AsyncIterator[MailServer]:
    """Listen with other settings; the server's `port` is set."""
    server = MailServer(
        cast("Inbound", inbound), host="127.0.0.1", port=0, hostname=RELAY_HOST, limits=limits, **options
    )
    await server.start()
    try:
        yield server
    finally:
        await server.close()


async def stored(world: World) -> int:
    """Return how many messages are in the queue."""
    return len(await world.store.search(100))
