"""Something on loopback that listens where an engine should, and does as a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class OddPeer:
    """A listener on 127.0.0.1.

    Attributes:
        behaviour: What it does with the next connection.
        asked: Connections so far.
        at_once: The most that there were at the same time.
        arrived: Set by each connection.
    """

    behaviour: Behaviour
    port: int = 0
    asked: int = 0
    at_once: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _open: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        self._open += 1
        self.at_once = max(self.at_once, self._open)
        self.arrived.set()
        try:
            await self.behaviour(reader, writer)
        except ConnectionError:
            pass
        finally:
            self._open -= 1
            writer.close()


@asynccontextmanager
async def odd_peer(behaviour: Behaviour) -> AsyncIterator[OddPeer]:
    peer = OddPeer(behaviour)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    async with server:
        yield peer


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read all, say nothing."""
    del writer
    while await reader.read(65536):
        pass


async def reads_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Neither read nor say anything until the other side has gone."""
    del reader
    writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads
    await asyncio.sleep(3600)


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once."""
    del reader, writer


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Break the connection off with what came unread."""
    await reader.read(1)
    writer.transport.abort()


def says(answer: bytes) -> Behaviour:
    """Say this whatever was asked, and close."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        await writer.drain()

    return behaviour
