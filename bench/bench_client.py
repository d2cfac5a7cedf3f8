"""CPU of sending one message of 4 KiB, over kept and over new sessions, beside aiosmtplib in the same run.

Both send over so many sessions at a time to the same sink, a process of its own on loopback that answers at
once, with PIPELINING. Counted is the CPU of the sending process alone. Rounds alternate; the best of each is
shown, for the machine has other things to do.
"""

import argparse
import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import aiosmtplib
import uvloop

from bench.report import report
from mailrelay.delivery.client import SmtpClient
from mailrelay.delivery.exchange import Timeouts
from mailrelay.delivery.opening import Opener
from mailrelay.delivery.pool import Pool, PoolLimits
from mailrelay.delivery.routing import Route, Target
from mailrelay.delivery.tls_policy import Contexts, Demand, TlsPolicy
from mailrelay.delivery.tls_report import TlsReports

_OCTETS = 4096
_SENDER, _RECIPIENT = "b-0123456789@relay.example", "owner@home.example"
_LINE = b"Please call about the domain, the price and the week of the transfer.\r\n"
_HEAD = b"From: ada@relay.example\r\nTo: owner@home.example\r\nSubject: Your domain\r\n\r\n"
MESSAGE = _HEAD + _LINE * ((_OCTETS - len(_HEAD)) // len(_LINE))
_ANSWERS = {
    b"EHL": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n",
    b"DAT": b"354 go on\r\n",
    b"QUI": b"221 bye\r\n",
}


_CONTEXTS = Contexts()


class _Sink(asyncio.Protocol):
    """Takes everything and answers at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._in_message = False
        self._rest = b""
        transport.write(b"220 sink\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._rest += data
        answers = []
        while True:
            if self._in_message:
                _, dot, rest = self._rest.partition(b"\r\n.\r\n")
                if not dot:
                    break
                self._in_message, self._rest = False, rest
                answers.append(b"250 taken\r\n")
            line, end, rest = self._rest.partition(b"\r\n")
            if not end:
                break
            self._rest = rest
            answers.append(_ANSWERS.get(line[:3].upper(), b"250 ok\r\n"))
            self._in_message = line[:3].upper() == b"DAT"
        self._transport.write(b"".join(answers))  # type: ignore[attr-defined]


def _run_sink(started: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        started.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


async def _ours(port: int, messages: int, sessions: int, *, kept: bool) -> None:
    limits = PoolLimits(per_server=sessions, messages=100 if kept else 1, wait_s=60)
    opener = Opener("relay.example", Timeouts(30), _CONTEXTS, TlsReports(lambda: datetime.now(UTC)))
    client = SmtpClient(Pool(opener.open, limits))
    route = Route("home.example", (Target("sink", "127.0.0.1", port, TlsPolicy(Demand.CLEAR)),))
    taken: list[None] = []

    async def send_some(count: int) -> None:
        for _ in range(count):
            await client.send(route, _SENDER, _RECIPIENT, MESSAGE, lambda: taken.append(None))

    await _measured(send_some, messages, sessions)
    await client.close()
    assert len(taken) == messages


async def _aiosmtplib(port: int, messages: int, sessions: int, *, kept: bool) -> None:
    def connected() -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30)

    async def send_some(count: int) -> None:
        for at in range(0, count, 100 if kept else 1):
            async with connected() as client:
                for _ in range(min(100, count - at) if kept else 1):
                    await client.sendmail(_SENDER, [_RECIPIENT], MESSAGE)

    await _measured(send_some, messages, sessions)


async def _measured(send_some: Callable[[int], Awaitable[None]], messages: int, sessions: int) -> None:
    await asyncio.gather(*(send_some(messages // sessions) for _ in range(sessions)))


@dataclass(frozen=True, slots=True)
class _Measurement:
    cpu_ms: float
    per_s: float


_CLIENTS = {"mailrelay": _ours, "aiosmtplib": _aiosmtplib}


def _measure(client: str, port: int, messages: int, sessions: int, *, kept: bool) -> _Measurement:
    async def timed() -> tuple[float, float]:
        # Contexts and imports are made before; a warm loop is what a worker has.
        await _CLIENTS[client](port, sessions, sessions, kept=kept)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        await _CLIENTS[client](port, messages, sessions, kept=kept)
        return time.process_time() - cpu_s, time.perf_counter() - wall_s

    cpu_s, wall_s = uvloop.run(timed())
    return _Measurement(1000 * cpu_s / messages, messages / wall_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    messages = asked.messages - asked.messages % asked.sessions
    started, sink_side = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=_run_sink, args=(sink_side,), daemon=True)
    sink.start()
    port = started.recv()
    rounds = [
        {
            (client, kept): _measure(client, port, messages, asked.sessions, kept=kept)
            for kept in (True, False)
            for client in _CLIENTS
        }
        for _ in range(asked.rounds)
    ]
    sink.terminate()
    rows = [
        {
            "client": client,
            "session": "kept" if kept else "new",
            "messages": messages,
            "cpu_ms": round(min(one[client, kept].cpu_ms for one in rounds), 4),
            "messages_per_s": round(max(one[client, kept].per_s for one in rounds)),
        }
        for client, kept in rounds[0]
    ]
    report("client", rows)


if __name__ == "__main__":
    main()
