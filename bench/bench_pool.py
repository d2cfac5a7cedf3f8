"""The pool of EPP sessions: commands per second and CPU per command, beside what the registry's delay allows.

The registry is a process of its own on loopback and holds every answer back for a while, as one far away
does. In theory each session does one `domain:info` per delay. Measured against the sandbox, whose own work
for a command adds to the delay, and against a registry that knows one answer only
(`bench/canned_registry.py`); there also with bare connections in the pool's place, which shows how near to
the theory this machine comes at all. Prints a table and JSON; with `--json` only JSON; `--seconds N` measures
each row for longer than 5.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.canned_registry import DOMAIN
from bench.processes import printing_port, registry, stop_by_signal
from bench.report import cpu_s, report
from registries.epp.frames import DomainInfo, encode
from registries.epp.pool import PoolLimits, SessionPool
from registries.epp.session import Account
from registries.epp.transport import Endpoint, Transport
from registries.sandbox.authority import CertificateAuthority
from whoisproxy.demo.registry_client import RegistryClient
from whoisproxy.observability import configure_logging

_DELAYS_S = (0.0, 0.05)
_SESSIONS = (1, 4, 16)

_Ask = Callable[[], Awaitable[None]]
_Client = Callable[[Account, int], AbstractAsyncContextManager[list[_Ask]]]


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


@asynccontextmanager
async def _pool(account: Account, sessions: int) -> AsyncIterator[list[_Ask]]:
    """What is measured: twice as many tasks as sessions, each borrows one for every command."""
    pool = SessionPool(account, PoolLimits(max_sessions=sessions))

    async def ask() -> None:
        async with pool.borrow() as session:
            answer = await session.send(DomainInfo(DOMAIN))
        assert answer.data.name == DOMAIN

    yield [ask] * (2 * sessions)
    await pool.close()


@asynccontextmanager
async def _bare(account: Account, sessions: int) -> AsyncIterator[list[_Ask]]:
    """What this machine can do at all: connections that send a finished frame and read no answer."""
    transports = [await Transport.connect(account.endpoint, account.deadlines) for _ in range(sessions)]
    frame = encode(DomainInfo(DOMAIN), "bench-1")

    def asking(transport: Transport) -> _Ask:
        async def ask() -> None:
            await transport.send(frame)
            await transport.receive()

        return ask

    for transport in transports:
        await transport.receive()
    yield [asking(transport) for transport in transports]
    for transport in transports:
        transport.abort()


async def _ask_all(tasks: list[_Ask], lasting_s: float) -> int:
    """Let every task ask again and again for a while; return how often they did."""
    until, done = time.perf_counter() + lasting_s, 0

    async def repeat(ask: _Ask) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await ask()
            done += 1

    await asyncio.gather(*map(repeat, tasks))
    return done


async def _row(peer: _Peer, client: _Client, sessions: int, seconds: float) -> dict[str, object]:
    async with client(peer.account, sessions) as tasks:
        # All sessions are opened before the clock starts.
        await _ask_all(tasks, 0.5)
        started, ours = time.perf_counter(), time.process_time()
        theirs = cpu_s(peer.pid) if peer.pid else 0.0
        done = await _ask_all(tasks, seconds)
        rate = done / (time.perf_counter() - started)
        ours = time.process_time() - ours
        theirs = cpu_s(peer.pid) - theirs if peer.pid else 0.0
    theory = sessions / peer.delay_s if peer.delay_s else None
    return {
        "registry": peer.name,
        "client": client.__name__.strip("_"),
        "delay_ms": round(peer.delay_s * 1e3),
        "sessions": sessions,
        "commands_per_s": round(rate, 1),
        "theory_per_s": theory,
        "share": round(rate / theory, 3) if theory else None,
        "cpu_ms": round(ours / done * 1e3, 2),
        "registry_cpu_ms": round(theirs / done * 1e3, 2) if peer.pid else None,
    }


async def measure(folder: Path, seconds: float) -> list[dict[str, object]]:
    """Return a row for each delay, registry, client and number of sessions."""
    rows = []
    for delay_s in _DELAYS_S:
        async with _sandbox(folder / f"sandbox-{delay_s}", delay_s) as peer:
            rows += [await _row(peer, _pool, sessions, seconds) for sessions in _SESSIONS]
        async with _canned(folder / f"canned-{delay_s}", delay_s) as peer:
            for client in (_pool, _bare):
                rows += [await _row(peer, client, sessions, seconds) for sessions in _SESSIONS]
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
