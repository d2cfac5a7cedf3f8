"""RDAP and WHOIS: requests per second and CPU per request, beside bare aiohttp handlers with the same bytes.

Each server is a process of its own on loopback (`rdds_server`); the load comes from this one. What a bare
handler costs is HTTP, the rest is ours. Rounds alternate between the servers, so that a busy moment of the
machine hits all. Prints a table and JSON; with `--json` only JSON.
"""

import asyncio
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

from bench.rdds_server import NAMES, fill
from bench.report import cpu_s, report

_CONNECTIONS = 16
_ROUNDS = 3
_ROUND_S = 0.5


class HttpLoad(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it is answered."""

    def __init__(self, names: Iterator[str], end: float, sizes: list[int]) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._names = names
        self._end = end
        self._sizes = sizes
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to ask."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self._transport.write(f"GET /domain/{next(self._names)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        """Check the answer, then ask again while time is left."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]) if found else 0
        if not found or len(body) < length:
            return
        assert head.startswith(b"HTTP/1.1 200 "), head
        self._sizes.append(length)
        self._buffer = b""
        if time.perf_counter() < self._end:
            self._ask()
        else:
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the measurement where the server broke off."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed early"))


class WhoisLoad(asyncio.Protocol):
    """One query on a connection of its own, as the protocol wants it."""

    def __init__(self, name: str) -> None:
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._query = f"{name}\r\n".encode()
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        cast("asyncio.Transport", transport).write(self._query)

    def data_received(self, data: bytes) -> None:
        """Take a part of the answer."""
        self._answer += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the whole."""
        if exc is None:
            self.done.set_result(self._answer)
        else:
            self.done.set_exception(exc)


async def load_http(port: int, names: Iterator[str], end: float) -> list[int]:
    """Ask until `end`; return the octets of each answer."""
    loop = asyncio.get_running_loop()
    sizes: list[int] = []
    loads = [
        (await loop.create_connection(lambda: HttpLoad(names, end, sizes), "127.0.0.1", port))[1]
        for _ in range(_CONNECTIONS)
    ]
    await asyncio.gather(*(load.done for load in loads))
    return sizes


async def load_whois(port: int, names: Iterator[str], end: float) -> list[int]:
    """Ask until `end`; return the octets of each answer."""
    loop = asyncio.get_running_loop()
    sizes: list[int] = []

    async def ask_on_and_on() -> None:
        while time.perf_counter() < end:
            _, load = await loop.create_connection(lambda: WhoisLoad(next(names)), "127.0.0.1", port)
            answer = await load.done
            assert answer.startswith(b"Domain Name: bench-"), answer
            sizes.append(len(answer))

    await asyncio.gather(*(ask_on_and_on() for _ in range(_CONNECTIONS)))
    return sizes


_Load = Callable[[int, Iterator[str], float], Awaitable[list[int]]]

# Server, the load on it, what the table calls it.
_SERVERS: list[tuple[str, _Load, str]] = [
    ("bare-rdap", load_http, "bare aiohttp, RDAP's bytes"),
    ("rdap", load_http, "RDAP"),
    ("bare-whois", load_http, "bare aiohttp, WHOIS's bytes"),
    ("whois", load_whois, "WHOIS, a connection each"),
]


class Peer:
    """A server's process and what was measured on it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._port = 0
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self.sizes: list[int] = []
        self.rates: list[float] = []
        self.cpu_us: list[float] = []

    def wait(self) -> None:
        """Return once it listens."""
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    async def load(self, load: _Load, seconds: float) -> None:
        """Load it once and note the figures."""
        names = itertools.cycle(NAMES)
        pid = self._process.pid
        cpu, start = cpu_s(pid), time.perf_counter()
        sizes = await load(self._port, names, start + seconds)
        elapsed, used = time.perf_counter() - start, cpu_s(pid) - cpu
        self.sizes += sizes
        self.rates.append(len(sizes) / elapsed)
        self.cpu_us.append(used / len(sizes) * 1e6)


@contextmanager
def started(kind: str, folder: str) -> Iterator[Peer]:
    """Run a server in a process of its own."""
    command = [sys.executable, "-m", "bench.rdds_server", kind, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Peer(process)
        finally:
            process.terminate()


async def measure(peers: dict[str, Peer]) -> None:
    """Load every server in turn, several times; the first time only warms it up."""
    for number in range(_ROUNDS + 1):
        for kind, load, _ in _SERVERS:
            await peers[kind].load(load, _ROUND_S if number else _ROUND_S / 3)
            if not number:
                peers[kind].forget()


def main() -> None:
    """Measure and report."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        asyncio.run(fill(Path(folder)))
        peers = {kind: stack.enter_context(started(kind, folder)) for kind, _, _ in _SERVERS}
        for peer in peers.values():
            peer.wait()
        asyncio.run(measure(peers))
    report(
        "RDAP and WHOIS queries",
        [
            {
                "server": title,
                "requests": len(peers[kind].sizes),
                "octets": round(statistics.mean(peers[kind].sizes)),
                "requests_per_s": round(statistics.median(peers[kind].rates), 1),
                "cpu_us_per_request": round(statistics.median(peers[kind].cpu_us), 1),
            }
            for kind, _, title in _SERVERS
        ],
    )


if __name__ == "__main__":
    main()
