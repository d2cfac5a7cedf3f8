"""The pool of EPP sessions: commands per second and CPU per command, beside what the registry's delay allows.

The registry is a process of its own on loopback and holds every answer back for a while, as one far away
does. Tasks of this process, twice as many as there are sessions, borrow a session for each `domain:info`. In
theory each session does one command per delay. Measured against the sandbox, whose own work for a command
adds to the delay, and against a registry that knows one answer only (`bench/canned_registry.py`), which shows
the client alone. Prints a table and JSON; with `--json` only JSON; `--seconds N` measures each row for longer
than 5.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.canned_registry import DOMAIN
from bench.processes import printing_port, registry, stop_by_signal
from bench.report import cpu_s, report
from registries.epp.frames import DomainInfo
from registries.epp.pool import PoolLimits, SessionPool
from registries.epp.session import Account
from registries.epp.transport import Endpoint
from registries.sandbox.authority import CertificateAuthority
from whoisproxy.demo.registry_client import RegistryClient
from whoisproxy.observability import configure_logging

_DELAYS_S = (0.0, 0.05)
_SESSIONS = (1, 4, 16)


@dataclass(frozen=True, slots=True)
class _Peer:
    """A running registry."""

    name: str
    delay_s: float
    account: Account
    pid: int | None


def _account(authority: CertificateAuthority, port: int, client_id: str, password: str) -> Account:
    return Account("bench", Endpoint("127.0.0.1", port, authority.client_context()), client_id, password)


@asynccontextmanager
async def _sandbox(folder: Path, delay_s: float) -> AsyncIterator[_Peer]:
    options = (f"--delay={delay_s}", f"--sessions={max(_SESSIONS)}")
    with registry(folder, [], ["net"], *options) as running:
        authority = CertificateAuthority(running.certificates)
        client = await RegistryClient.open(running.port, authority, running.account, running.password)
        await client.register(DOMAIN, None)
        await client.close()
        account = _account(authority, running.port, running.account, running.password)
        yield _Peer("sandbox", delay_s, account, running.pid)


@asynccontextmanager
async def _canned(folder: Path, delay_s: float) -> AsyncIterator[_Peer]:
    authority = CertificateAuthority(folder)
    with printing_port("bench.canned_registry", str(folder), str(delay_s)) as port:
        yield _Peer("canned", delay_s, _account(authority, port, "registrar-1", "no-secret"), None)


async def _row(peer: _Peer, sessions: int, seconds: float) -> dict[str, object]:
    pool = SessionPool(peer.account, PoolLimits(max_sessions=sessions))
    done = 0

    async def ask(until: float) -> None:
        nonlocal done
        while time.perf_counter() < until:
            async with pool.borrow() as session:
                answer = await session.send(DomainInfo(DOMAIN))
            assert answer.data.name == DOMAIN
            done += 1

    async def ask_all(lasting_s: float) -> None:
        until = time.perf_counter() + lasting_s
        await asyncio.gather(*(ask(until) for _ in range(2 * sessions)))

    # All sessions are opened before the clock starts.
    await ask_all(0.5)
    done, started = 0, time.perf_counter()
    ours, theirs = time.process_time(), cpu_s(peer.pid) if peer.pid else 0.0
    await ask_all(seconds)
    rate = done / (time.perf_counter() - started)
    ours = time.process_time() - ours
    theirs = cpu_s(peer.pid) - theirs if peer.pid else 0.0
    await pool.close()
    theory = sessions / peer.delay_s if peer.delay_s else None
    return {
        "registry": peer.name,
        "delay_ms": round(peer.delay_s * 1e3),
        "sessions": sessions,
        "commands_per_s": round(rate, 1),
        "theory_per_s": theory,
        "share": round(rate / theory, 3) if theory else None,
        "cpu_ms": round(ours / done * 1e3, 2),
        "registry_cpu_ms": round(theirs / done * 1e3, 2) if peer.pid else None,
    }


async def measure(folder: Path, seconds: float) -> list[dict[str, object]]:
    """Return a row for each registry, delay and number of sessions."""
    rows = []
    for delay_s in _DELAYS_S:
        for kind in (_sandbox, _canned):
            async with kind(folder / f"{kind.__name__}-{delay_s}", delay_s) as peer:
                rows += [await _row(peer, sessions, seconds) for sessions in _SESSIONS]
    return rows


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("error", "json")
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="bench-pool-") as folder:
        rows = asyncio.run(measure(Path(folder), options.seconds))
    report("EPP session pool", rows)


if __name__ == "__main__":
    main()
