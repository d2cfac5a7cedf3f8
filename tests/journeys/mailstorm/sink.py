"""The owners' mail server in a mail storm.

It refuses, hangs up and falls silent by chance, and remembers all that it takes.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tests.journeys.mailstorm.messages import Marked, read

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

# By point of the session (RFC 5321): what may go wrong there, each as likely as the others.
FAULTS: dict[str, tuple[str, ...]] = {
    "CONN": ("refuse", "hang up"),
    "MAIL": ("refuse", "hang up", "fall silent"),
    "RCPT": ("refuse", "hang up"),
    "DATA": ("refuse", "hang up"),
    "body": ("hang up in the middle",),
    "end": ("refuse", "hang up", "take and hang up unsaid", "take and fall silent", "take and hang up"),
}
_REFUSALS = {
    "CONN": b"421 4.3.2 not now\r\n",
    "MAIL": b"451 4.3.0 not now\r\n",
    "RCPT": b"450 4.2.1 not now\r\n",
    "DATA": b"451 4.3.0 not now\r\n",
    "end": b"452 4.3.1 not now\r\n",
}
_EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was taken.

    Attributes:
        recipients: Of the envelope.
        told: Whether the 250 was sent; else the other side cannot know, and must send it again.
    """

    message: Marked
    recipients: tuple[str, ...]
    told: bool


@dataclass
class Sink:
    """SMTP on 127.0.0.1.

    Attributes:
        fault_share: Of commands and messages; 0 lets everything pass from then on.
        silence_s: How long it says nothing before it hangs up.
        arrivals: In order.
        faults: How often each happened.
        arrived: Set at each arrival; whoever waits clears it.
    """

    port: int
    chance: random.Random
    fault_share: float
    silence_s: float
    arrivals: list[Arrival] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _sessions: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1000)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await self._server.wait_closed()

    def fault(self, point: str) -> str:
        """Return what goes wrong now at this point, "" for nothing."""
        if self.chance.random() >= self.fault_share:
            return ""
        chosen = self.chance.choice(FAULTS[point])
        self.faults[f"{point}: {chosen}"] += 1
        return chosen

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await _Session(self, reader, writer).run()
        finally:
            self._sessions.discard(task)
            writer.close()


class _HungUp(ConnectionError):
    """We have ended the session ourselves."""


class _Session:
    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink = sink
        self._reader = reader
        self._writer = writer
        self._recipients: list[str] = []
        self._commands: dict[bytes, Callable[[str], Coroutine[None, None, None]]] = {
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
        }

    async def run(self) -> None:
        if await self._passes("CONN"):
            self._writer.write(b"220 sink.example ESMTP\r\n")
        while line := await self._reader.readline():
            verb = line[:4].upper()
            if verb in self._commands:
                await self._commands[verb](line.decode())
            elif verb == b"QUIT":
                self._writer.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self._writer.write(_EHLO if verb == b"EHLO" else b"250 2.0.0 OK\r\n")

    async def _mail(self, _line: str) -> None:
        self._recipients.clear()
        if await self._passes("MAIL"):
            self._writer.write(b"250 2.1.0 OK\r\n")

    async def _rcpt(self, line: str) -> None:
        if await self._passes("RCPT"):
            self._recipients.append(line.partition("<")[2].partition(">")[0])
            self._writer.write(b"250 2.1.5 OK\r\n")

    async def _data(self, _line: str) -> None:
        if not self._recipients:
            self._writer.write(b"503 5.5.1 no recipient\r\n")
            return
        if not await self._passes("DATA"):
            return
        self._writer.write(b"354 go on\r\n")
        if self._sink.fault("body"):
            await self._reader.readline()
            raise _HungUp
        raw = await self._reader.readuntil(b"\r\n.\r\n")
        # Lines that begin with a dot are not among those that are sent, so none is stuffed.
        await self._end(read(raw[:-3]))

    async def _end(self, message: Marked) -> None:
        fault = self._sink.fault("end")
        if fault == "refuse":
            self._writer.write(_REFUSALS["end"])
            return
        if fault == "hang up":
            raise _HungUp
        told = fault in {"", "take and hang up"}
        self._sink.arrivals.append(Arrival(message, tuple(self._recipients), told))
        self._sink.arrived.set()
        if told:
            self._writer.write(b"250 2.0.0 taken\r\n")
        if fault == "take and fall silent":
            await asyncio.sleep(self._sink.silence_s)
        if fault:
            raise _HungUp

    async def _passes(self, point: str) -> bool:
        """Let chance decide whether a command is answered as usual; answer it otherwise where it is not."""
        fault = self._sink.fault(point)
        if fault == "refuse":
            self._writer.write(_REFUSALS[point])
            if point == "CONN":
                raise _HungUp
        if fault == "fall silent":
            await asyncio.sleep(self._sink.silence_s)
        if fault in {"hang up", "fall silent"}:
            raise _HungUp
        return not fault
