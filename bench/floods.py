"""Floods that a mail server must bear: `python -m bench.floods NAME PORT RECIPIENT SECONDS`, loopback only.

Attackers come from many networks at once (127.64.0.0/10), since limits are kept for each. They go on when
they are turned away, at a bounded pace: the point is what a flood costs the others, not how fast a flood can
be. Prints one line of JSON: connections made, octets sent, and answers by code.
"""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

_PACE_S = 0.05
_DRIP_S = 1.0
_TOGETHER = 20
_SLOW = 500
_BLOCK = 64 * 1024
_LINE_OCTETS = 10 * 1000 * 1000
_HEADERS = 100_000
_NESTED = 5_000
_OPENING = (b"EHLO flood.example\r\n", b"MAIL FROM:<flood@flood.example>\r\n")


class _Closed(Exception):
    """The server has ended the connection, or does not want what comes next."""


@dataclass
class Attacker:
    """One connection of a flood, and what all of them have counted."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    recipient: str
    counts: Counter[str]

    async def send(self, octets: bytes) -> None:
        """Send without waiting for an answer."""
        self.writer.write(octets)
        await self.writer.drain()
        self.counts["octets"] += len(octets)

    async def ask(self, command: bytes = b"") -> bytes:
        """Send a command and return the last line of the answer."""
        if command:
            await self.send(command)
        while (line := await self.reader.readline())[3:4] == b"-":
            pass
        if not line:
            raise _Closed
        self.counts[line[:3].decode("ascii", "replace")] += 1
        return line

    async def begin_data(self) -> None:
        """Come as far as the text of a message."""
        for command in (b"", *_OPENING, f"RCPT TO:<{self.recipient}>\r\n".encode()):
            if not (await self.ask(command)).startswith(b"2"):
                raise _Closed
        if not (await self.ask(b"DATA\r\n")).startswith(b"354"):
            raise _Closed


async def slow_loris(attacker: Attacker) -> None:
    """Begin a message, or only a command, and send the rest octet by octet."""
    if random.random() < 0.5:  # noqa: S311 - half of them
        await attacker.begin_data()
    while True:
        await attacker.send(b"X")
        await asyncio.sleep(_DRIP_S)


async def long_line(attacker: Attacker) -> None:
    """Send a message of one line of 10 MB."""
    await attacker.begin_data()
    for _ in range(0, _LINE_OCTETS, _BLOCK):
        await attacker.send(b"x" * _BLOCK)
    await attacker.ask(b"\r\n.\r\n")


async def many_headers(attacker: Attacker) -> None:
    """Send a message with 100,000 header fields."""
    await attacker.begin_data()
    for start in range(0, _HEADERS, 1000):
        await attacker.send(b"".join(b"X-%d: y\r\n" % number for number in range(start, start + 1000)))
    await attacker.ask(b"\r\ntext\r\n.\r\n")


async def deep_nesting(attacker: Attacker) -> None:
    """Send a message whose parts hold parts, 5,000 deep."""
    await attacker.begin_data()
    await attacker.send(b"From: <flood@flood.example>\r\nMIME-Version: 1.0\r\n")
    for level in range(_NESTED):
        await attacker.send(
            b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        )
    await attacker.ask(b"\r\ntext\r\n.\r\n")


async def endless_recipients(attacker: Attacker) -> None:
    """Name recipients without an end."""
    for command in (b"", *_OPENING):
        await attacker.ask(command)
    for number in count():
        await attacker.ask(b"RCPT TO:<guess-%d@relay.example>\r\n" % number)


async def garbage(attacker: Attacker) -> None:
    """Send lines that are no commands."""
    await attacker.ask()
    while True:
        await attacker.ask(os.urandom(200).replace(b"\n", b"") + b"\r\n")


async def churn(attacker: Attacker) -> None:
    """Connect and go."""
    await attacker.ask()


@dataclass(frozen=True, slots=True)
class Flood:
    """What each connection does, how many there are at once, and how long one waits before it comes again."""

    act: Callable[[Attacker], Coroutine[None, None, None]]
    connections: int = _TOGETHER
    pace_s: float = _PACE_S


FLOODS = {
    "slow-loris": Flood(slow_loris, _SLOW),
    "10 MB lines": Flood(long_line, 4),
    "100,000 headers": Flood(many_headers, 4),
    "deep nesting": Flood(deep_nesting, 4),
    "endless recipients": Flood(endless_recipients),
    "garbage commands": Flood(garbage),
    "connection churn": Flood(churn),
}


@dataclass
class _Crowd:
    """All connections of one flood."""

    flood: Flood
    port: int
    recipient: str
    counts: Counter[str] = field(default_factory=Counter)

    async def run(self, seconds: float) -> None:
        """Go on for so long."""
        tasks = [asyncio.create_task(self._member(number)) for number in range(self.flood.connections)]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _member(self, number: int) -> None:
        for turn in count():
            # Another network each time.
            place = number + turn * self.flood.connections
            source = f"127.{64 + place // 65536 % 64}.{place // 256 % 256}.{place % 255 + 1}"
            try:
                async with self._connection(source) as attacker:
                    await self.flood.act(attacker)
            except (_Closed, OSError, asyncio.LimitOverrunError, ValueError):
                self.counts["closed"] += 1
            await asyncio.sleep(self.flood.pace_s)

    @asynccontextmanager
    async def _connection(self, source: str) -> AsyncIterator[Attacker]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        self.counts["connections"] += 1
        try:
            yield Attacker(reader, writer, self.recipient, self.counts)
        finally:
            writer.transport.abort()


def main() -> None:
    """Flood, and tell."""
    name, port, recipient, seconds = sys.argv[1:]
    crowd = _Crowd(FLOODS[name], int(port), recipient)
    asyncio.run(crowd.run(float(seconds)))
    print(json.dumps(crowd.counts), flush=True)


if __name__ == "__main__":
    main()
