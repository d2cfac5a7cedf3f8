"""Floods of one network that RDAP and WHOIS must bear: `python -m bench.rdds_floods NAME PORT SECONDS`.

All attackers sit in 127.64.0.0/24, on loopback, and come again when they are turned away, at a bounded pace:
the point is what a flood costs the others, not how fast a flood can be. Prints one line of JSON: connections
made, and answers by their first word.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count

_TOGETHER = 20
_PACE_S = 0.005
_SLOW = 200
_DRIP_S = 1.0

_Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Counter[str]], Coroutine[None, None, None]]


async def whois_queries(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: Counter[str]
) -> None:
    """Ask for a domain that is held."""
    writer.write(b"bench-1.com\r\n")
    counts[(await reader.read()).partition(b":")[0].decode()] += 1


async def rdap_queries(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: Counter[str]
) -> None:
    """Ask on one connection for as long as it is answered."""
    while True:
        writer.write(b"GET /domain/bench-1.com HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        counts[head.split()[1].decode()] += 1
        await reader.readexactly(int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]))
        await asyncio.sleep(_PACE_S)


async def churn(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, _counts: Counter[str]) -> None:
    """Connect and go."""


async def slow_loris(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _counts: Counter[str]
) -> None:
    """Send what never becomes a query."""
    while not reader.at_eof():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(_DRIP_S)


@dataclass(frozen=True, slots=True)
class Flood:
    """The server that is flooded, what each connection does, and how many there are at once."""

    listener: str
    act: _Act
    connections: int = _TOGETHER


FLOODS = {
    "WHOIS queries": Flood("whois", whois_queries),
    "WHOIS connections": Flood("whois", churn),
    "WHOIS slow loris": Flood("whois", slow_loris, _SLOW),
    "RDAP queries": Flood("rdap", rdap_queries),
    "RDAP connections": Flood("rdap", churn),
    "RDAP slow loris": Flood("rdap", slow_loris, _SLOW),
}


async def _attacker(flood: Flood, port: int, number: int, counts: Counter[str]) -> None:
    for _ in count():
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(f"127.64.0.{number % 250 + 1}", 0)
            )
        except OSError:
            counts["refused"] += 1
        else:
            counts["connections"] += 1
            try:
                await flood.act(reader, writer, counts)
            except (OSError, EOFError, IndexError):
                counts["cut off"] += 1
            finally:
                writer.transport.abort()
        await asyncio.sleep(_PACE_S)


async def _flood(flood: Flood, port: int, seconds: float, counts: Counter[str]) -> None:
    attackers = [
        asyncio.create_task(_attacker(flood, port, number, counts)) for number in range(flood.connections)
    ]
    await asyncio.sleep(seconds)
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)


def main() -> None:
    """Flood, and tell."""
    name, port, seconds = sys.argv[1:]
    counts: Counter[str] = Counter()
    asyncio.run(_flood(FLOODS[name], int(port), float(seconds), counts))
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
