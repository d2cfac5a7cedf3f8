"""RDAP and WHOIS: CPU per query, rate and waiting, hot and cold, beside bare servers with the same bytes.

The service's role and its bare peers are processes of their own on loopback; the load comes from this one.
Hot: the same few names. Cold: names drawn from all, each asked for once, so that it is read, opened, decided
upon and rendered. Rounds go from server to server, so that a busy moment of the machine hits all. The
database is that of `--url` with `--keys` (filled by `bench.rdds_domains`), or a small SQLite file. Prints a
table and JSON; with `--json` only JSON.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import orjson
import uvloop

from bench.rdds_domains import fill, name_of
from bench.report import cpu_s, memory_mib, report

_CONNECTIONS = 8
_HOT = 100
_UNLIMITED = 1_000_000_000


class HttpLoad(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it is answered."""

    def __init__(self, names: Iterator[str], end: float, waits: list[float]) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._names, self._end, self._waits = names, end, waits
        self._buffer = b""
        self._asked = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to ask."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(f"GET /domain/{next(self._names)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        """Check the answer, then ask again while time is left."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]) if found else 0
        if not found or len(body) < length:
            return
        assert head.startswith(b"HTTP/1.1 200 "), head
        now = time.perf_counter()
        self._waits.append(now - self._asked)
        self._buffer = b""
        if now < self._end:
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


async def load_rdap(port: int, names: Iterator[str], end: float) -> list[float]:
    """Ask until `end`; return the seconds that each answer took."""
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    loads = [
        (await loop.create_connection(lambda: HttpLoad(names, end, waits), "127.0.0.1", port))[1]
        for _ in range(_CONNECTIONS)
    ]
    await asyncio.gather(*(load.done for load in loads))
    return waits


async def load_whois(port: int, names: Iterator[str], end: float) -> list[float]:
    """Ask until `end`; return the seconds that each answer took, connecting included."""
    loop = asyncio.get_running_loop()
    waits: list[float] = []

    async def ask_on_and_on() -> None:
        while (asked := time.perf_counter()) < end:
            _, load = await loop.create_connection(lambda: WhoisLoad(next(names)), "127.0.0.1", port)
            answer = await load.done
            assert answer.startswith(b"Domain Name: bench-"), answer
            waits.append(time.perf_counter() - asked)

    await asyncio.gather(*(ask_on_and_on() for _ in range(_CONNECTIONS)))
    return waits


_LOADS: dict[str, Callable[[int, Iterator[str], float], Awaitable[list[float]]]] = {
    "rdap": load_rdap,
    "whois": load_whois,
}


@dataclass
class Series:
    """One server under one load."""

    title: str
    view: str
    ports: dict[str, int]
    pids: list[int]
    names: Iterator[str]
    waits: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    async def load(self, seconds: float, *, counts: bool) -> None:
        """Load it once and note the figures where they count."""
        cpu, start = cpu_s(*self.pids), time.perf_counter()
        waits = await _LOADS[self.view](self.ports[self.view], self.names, start + seconds)
        elapsed, used = time.perf_counter() - start, cpu_s(*self.pids) - cpu
        if counts:
            self.waits += waits
            self.rates.append(len(waits) / elapsed)
            self.cpu_us.append(used / len(waits) * 1e6)

    def row(self, bare_us: float) -> dict[str, object]:
        """Return the line of the table."""
        cuts = statistics.quantiles(self.waits, n=100)
        cpu = statistics.median(self.cpu_us)
        return {
            "server": self.title,
            "queries": len(self.waits),
            "queries_per_s": round(statistics.median(self.rates)),
            "cpu_us": round(cpu, 1),
            "times_bare": round(cpu / bare_us, 2),
            "p50_ms": round(cuts[49] * 1e3, 2),
            "p99_ms": round(cuts[98] * 1e3, 2),
        }


@contextmanager
def started(kind: str, file: Path) -> Iterator[dict[str, int]]:
    """Run a server in a process of its own; yield what it says."""
    command = [sys.executable, "-m", "bench.rdds_server", kind, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield orjson.loads(process.stdout.readline())
        finally:
            process.terminate()


def settings_of(options: argparse.Namespace, processes: int) -> dict[str, object]:
    """Return the settings of a service that nobody is too much for."""
    return {
        "database": {"url": options.url},
        "keys": {"folder": str(options.keys)},
        "rdap": {"port": 0, "base_url": "https://rdap.bench.example", "requests_per_minute": _UNLIMITED},
        "whois": {"port": 0, "requests_per_minute": _UNLIMITED},
        "rdds": {"processes": processes},
    }


async def document(view: str, port: int) -> bytes:
    """Return what a server sends of one domain, without a header."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    http = f"GET /domain/{name_of(0)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    writer.write((http if view == "rdap" else f"{name_of(0)}\r\n").encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2] if view == "rdap" else answer


def cold_names(count: int) -> Iterator[str]:
    """Yield every name once, in a random order, again and again."""
    numbers = list(range(_HOT, count))
    random.Random(1).shuffle(numbers)  # noqa: S311 - the same order in every run
    return map(name_of, itertools.cycle(numbers))


def measure(options: argparse.Namespace, folder: Path) -> list[dict[str, object]]:
    """Load every server in turn; the first round only warms up."""
    rows: list[dict[str, object]] = []
    with ExitStack() as stack:
        file = folder / "settings.json"
        file.write_bytes(orjson.dumps(settings_of(options, options.processes)))
        ours = stack.enter_context(started("ours", file))
        cold = cold_names(options.domains)
        for view in _LOADS:
            body = folder / view
            body.write_bytes(asyncio.run(document(view, ours[view])))
            bare = stack.enter_context(started(f"bare-{view}", body))
            series = [
                _series(f"bare, {view.upper()}'s bytes", view, bare, _hot()),
                _series(f"{view.upper()}, hot", view, ours, _hot()),
                _series(f"{view.upper()}, cold", view, ours, cold),
            ]
            for number in range(options.rounds + 1):
                for each in series:
                    uvloop.run(each.load(options.seconds, counts=number > 0))
            bare_us = statistics.median(series[0].cpu_us)
            rows += [each.row(bare_us) for each in series]
        print(f"memory of each process: {[memory_mib(pid)[1] for pid in ours['pids']]} MiB", file=sys.stderr)  # type: ignore[attr-defined]
    return rows


def _hot() -> Iterator[str]:
    return map(name_of, itertools.cycle(range(_HOT)))


def _series(title: str, view: str, said: dict[str, int], names: Iterator[str]) -> Series:
    pids: list[int] = said["pids"]  # type: ignore[assignment]
    return Series(title, view, said, pids, names)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a database that bench.rdds_domains has filled")
    parser.add_argument("--keys", type=Path, help="its keys")
    parser.add_argument("--domains", type=int, default=5000, help="how many domains it has")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if not options.url:
            options.url, options.keys = f"sqlite:///{folder / 'bench.sqlite3'}", folder / "keys"
            asyncio.run(fill(options.url, options.keys, options.domains))
        rows = measure(options, folder)
    report("RDAP and WHOIS queries", rows)


if __name__ == "__main__":
    main()
