"""What a flood of one network costs the others: how long their RDAP and WHOIS queries take meanwhile.

Honest clients come from many networks, each query on a connection of its own, a few at a time, for domains
whose answers are kept. Before each flood there is quiet, and the two are compared, on the server that is
flooded. The service runs as its role `rdds` does, with the limits that it has when nothing is configured. A
flood lasts a few seconds and runs with a low priority, so that the attackers' own work takes no CPU from
anybody.

Prints a table and JSON; with `--json` only JSON.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.processes import RunningService, flood, service, stop_by_signal
from bench.rdds_domains import fill, name_of
from bench.rdds_floods import FLOODS
from bench.report import cpu_s, pss_mib, report

_CLIENTS = 2
_PAUSE_S = 0.01
_NETWORKS = 60_000
_ASKED = 50  # domains
_CONFIG = """[database]
url = "sqlite:///{folder}/bench.sqlite3"
[keys]
folder = "{folder}/keys"
[rdap]
port = 0
[whois]
port = 0
[log]
level = "error"
"""


@dataclass
class Honest:
    """Clients that ask now and then; `times_ms` are those of the queries that were answered."""

    listener: str
    port: int
    times_ms: list[float] = field(default_factory=list)
    turned_away: int = 0
    _numbers: "count[int]" = field(default_factory=count)

    async def ask_for(self, seconds: float) -> None:
        """Ask for so long."""
        until = time.perf_counter() + seconds
        await asyncio.gather(*(self._client(until) for _ in range(_CLIENTS)))

    async def _client(self, until: float) -> None:
        while time.perf_counter() < until:
            number = next(self._numbers) % _NETWORKS
            start = time.perf_counter()
            try:
                answer = await self._query(
                    f"127.{1 + number // 250}.{number % 250}.1", name_of(number % _ASKED)
                )
            except (OSError, EOFError):
                answer = b""
            if answer.startswith((b"Domain Name: ", b"HTTP/1.1 200 ")):
                self.times_ms.append((time.perf_counter() - start) * 1e3)
            else:
                self.turned_away += 1
            await asyncio.sleep(_PAUSE_S)

    async def _query(self, source: str, name: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        try:
            if self.listener == "whois":
                writer.write(f"{name}\r\n".encode())
            else:
                request = f"GET /domain/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
            return await reader.read()
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class Phase:
    """What honest clients and the service did for some seconds."""

    p50_ms: float
    p99_ms: float
    queries: int
    turned_away: int
    cpu_percent: float


async def _phase(running: RunningService, listener: str, seconds: float) -> Phase:
    clients = Honest(listener, running.ports[listener])
    cpu, start = cpu_s(running.pid), time.perf_counter()
    await clients.ask_for(seconds)
    used = (cpu_s(running.pid) - cpu) / (time.perf_counter() - start)
    times = clients.times_ms
    p99 = statistics.quantiles(times, n=100)[98]
    return Phase(statistics.median(times), p99, len(times), clients.turned_away, 100 * used)


async def _flood(name: str, running: RunningService, seconds: float) -> dict[str, object]:
    """Compare quiet with a flood."""
    listener = FLOODS[name].listener
    quiet = await _phase(running, listener, seconds)
    arguments = name, str(running.ports[listener]), str(seconds + 1)
    async with flood("bench.rdds_floods", *arguments) as ended:
        flooded = await _phase(running, listener, seconds - 0.5)
        counts = await ended()
    return {
        "flood": name,
        "attacks_per_s": round(sum(counts.values()) / (seconds + 1)),
        "queries": flooded.queries,
        "turned_away": flooded.turned_away,
        "p50_ms_quiet": round(quiet.p50_ms, 2),
        "p50_ms": round(flooded.p50_ms, 2),
        "p99_ms_quiet": round(quiet.p99_ms, 2),
        "p99_ms": round(flooded.p99_ms, 2),
        "p99_ratio": round(flooded.p99_ms / quiet.p99_ms, 2),
        "cpu_percent_quiet": round(quiet.cpu_percent),
        "cpu_percent": round(flooded.cpu_percent),
        "pss_mib": pss_mib(running.pid),
    }


async def measure(running: RunningService, floods: list[str], seconds: float) -> list[dict[str, object]]:
    """Go through the floods and return a row for each."""
    for listener in ("whois", "rdap"):
        await _phase(running, listener, 1)  # warms up
    return [await _flood(name, running, seconds) for name in floods]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seconds", type=float, default=5, help="that each flood lasts, and the quiet before"
    )
    parser.add_argument("--floods", nargs="+", choices=list(FLOODS), default=list(FLOODS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="bench-rdds-flood-") as folder:
        asyncio.run(fill(f"sqlite:///{folder}/bench.sqlite3", Path(folder) / "keys", _ASKED))
        config = Path(folder) / "whoisproxy.toml"
        config.write_text(_CONFIG.format(folder=folder))
        with service(config, "rdds") as running:
            rows = asyncio.run(measure(running, options.floods, options.seconds))
    report("Others' queries while one network floods", rows)


if __name__ == "__main__":
    main()
