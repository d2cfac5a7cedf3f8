"""What a flood costs the others: how long an honest client's session takes, in quiet and during each flood.

That is connection, EHLO, one message of 4 KiB, QUIT. Honest clients come from many networks, a few at a time.
Before each flood there is quiet, and the two are compared. A flood lasts a few seconds and runs with a low
priority in a process of its own, so that the attackers' own work takes no CPU from anybody. CPU is the share
of one core that all processes of the relay use, memory their PSS at the end of the flood.

Prints a table and JSON; with `--json` only JSON.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.floods import FLOODS
from bench.mail_load import SENDER, letter
from bench.peers import Peer
from bench.processes import flood, printing_port, stop_by_signal
from bench.relay import RelaySettings, relay
from bench.report import cpu_s, pss_mib, report
from whoisproxy.demo.mail_sink import MailSink
from whoisproxy.demo.ports import free_port
from whoisproxy.observability import configure_logging

_LIMIT_S = 600
_CLIENTS = 2
_PAUSE_S = 0.1
_ADDRESSES = 300
_NETWORKS = 250  # as many as `mail_names` knows names for
_GOOD = {"220", "250", "354", "221"}


@dataclass
class Honest:
    """Clients that write now and then.

    Attributes:
        times_ms: Of each session that ended well.
        turned_away: Sessions that did not.
    """

    port: int
    addresses: Sequence[str]
    times_ms: list[float] = field(default_factory=list)
    turned_away: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - texts
    _numbers: "count[int]" = field(default_factory=count)

    async def write_for(self, seconds: float) -> None:
        """Write for so long."""
        await asyncio.gather(*(self._client(time.perf_counter() + seconds) for _ in range(_CLIENTS)))

    async def _client(self, until: float) -> None:
        while time.perf_counter() < until:
            number = next(self._numbers)
            recipient = self.addresses[number % len(self.addresses)]
            text = letter(recipient, str(number), self._chance)
            start = time.perf_counter()
            try:
                await self._session(number % _NETWORKS, recipient, text)
                self.times_ms.append((time.perf_counter() - start) * 1e3)
            except (OSError, EOFError):
                self.turned_away += 1
            await asyncio.sleep(_PAUSE_S)

    async def _session(self, network: int, recipient: str, text: bytes) -> None:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(f"127.1.{network}.1", 0)
        )
        hello = f"EHLO mx-{network}.offers.example\r\n".encode()
        try:
            for command in (
                *(b"", hello, f"MAIL FROM:<{SENDER}>\r\n".encode()),
                *(f"RCPT TO:<{recipient}>\r\n".encode(), b"DATA\r\n", text + b".\r\n", b"QUIT\r\n"),
            ):
                writer.write(command)
                while (line := await reader.readline())[3:4] == b"-":
                    pass
                if line[:3].decode() not in _GOOD:
                    raise EOFError
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class Phase:
    """What honest clients and the relay did for some seconds."""

    p50_ms: float
    p99_ms: float
    turned_away: int
    cpu_percent: float
    pss_mib: float


async def _phase(peer: Peer, addresses: Sequence[str], seconds: float) -> Phase:
    clients = Honest(peer.port, addresses)
    cpu, start = cpu_s(*peer.pids), time.perf_counter()
    await clients.write_for(seconds)
    used = (cpu_s(*peer.pids) - cpu) / (time.perf_counter() - start)
    times = clients.times_ms or [float("nan")]
    p99 = statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]
    return Phase(statistics.median(times), p99, clients.turned_away, 100 * used, pss_mib(*peer.pids))


async def _flood(name: str, peer: Peer, addresses: Sequence[str], seconds: float) -> dict[str, object]:
    """Compare quiet with a flood."""
    quiet = await _phase(peer, addresses, seconds / 2)
    async with flood("bench.floods", name, str(peer.port), addresses[0], str(seconds + 1)) as ended:
        flooded = await _phase(peer, addresses, seconds - 1)
        counts = await ended()
    return {
        "flood": name,
        "connections": counts.get("connections", 0),
        "MB": round(counts.get("octets", 0) / 1e6, 1),
        "p50_ms_quiet": round(quiet.p50_ms, 1),
        "p50_ms": round(flooded.p50_ms, 1),
        "p50_ratio": round(flooded.p50_ms / quiet.p50_ms, 2),
        "p99_ms_quiet": round(quiet.p99_ms, 1),
        "p99_ms": round(flooded.p99_ms, 1),
        "p99_ratio": round(flooded.p99_ms / quiet.p99_ms, 2),
        "turned_away": flooded.turned_away,
        "cpu_percent_quiet": round(quiet.cpu_percent),
        "cpu_percent": round(flooded.cpu_percent),
        "pss_mib": flooded.pss_mib,
    }


async def measure(
    options: argparse.Namespace, peer: Peer, addresses: Sequence[str], sink: int
) -> list[dict[str, object]]:
    """Go through the floods and return a row for each."""
    async with asyncio.timeout(_LIMIT_S), MailSink(sink):
        await _phase(peer, addresses, 1)  # warms up
        return [await _flood(name, peer, addresses, options.seconds) for name in options.floods]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=8, help="that each flood lasts")
    parser.add_argument("--floods", nargs="+", choices=list(FLOODS), default=list(FLOODS))
    parser.add_argument("--connections", type=int, default=1000, help="that the relay admits")
    parser.add_argument("--processes", type=int, help="of the relay that take mail")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("error", "json")
    stop_by_signal()
    smtp = {"connections": str(options.connections)}
    if options.processes:
        smtp["processes"] = str(options.processes)
    with (
        tempfile.TemporaryDirectory(prefix="bench-flood-") as folder,
        printing_port("bench.mail_names", folder) as names,
    ):
        settings = RelaySettings(names, free_port(), smtp=smtp)
        with relay(Path(folder), settings, "sqlite", _ADDRESSES) as (peer, mailboxes):
            rows = asyncio.run(measure(options, peer, list(mailboxes), settings.sink))
    report("An honest client's session during floods", rows)


if __name__ == "__main__":
    main()
