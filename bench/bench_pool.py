"""The pool of EPP sessions: commands per second and CPU per command, beside what the registry's delay allows.

The sandbox registry is a process of its own on loopback and holds every answer back for a while, as one far
away does. Tasks of this process, twice as many as there are sessions, borrow a session for each
`domain:info`. In theory each session does one command per delay. Prints a table and JSON; with `--json` only
JSON; `--seconds N` measures each row for longer than 5.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import RunningRegistry, registry, stop_by_signal
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
_DOMAIN = "bench.net"


async def _registered(sandbox: RunningRegistry) -> Account:
    """Register the domain that is asked for; return the account to ask with."""
    authority = CertificateAuthority(sandbox.certificates)
    client = await RegistryClient.open(sandbox.port, authority, sandbox.account, sandbox.password)
    await client.register(_DOMAIN, None)
    await client.close()
    endpoint = Endpoint("127.0.0.1", sandbox.port, authority.client_context())
    return Account("sandbox", endpoint, sandbox.account, sandbox.password)


async def _row(
    sandbox: RunningRegistry, account: Account, delay_s: float, sessions: int, seconds: float
) -> dict[str, object]:
    pool = SessionPool(account, PoolLimits(max_sessions=sessions))
    done = 0

    async def ask(until: float) -> None:
        nonlocal done
        while time.perf_counter() < until:
            async with pool.borrow() as session:
                answer = await session.send(DomainInfo(_DOMAIN))
            assert answer.data.name == _DOMAIN
            done += 1

    async def ask_all(lasting_s: float) -> None:
        until = time.perf_counter() + lasting_s
        await asyncio.gather(*(ask(until) for _ in range(2 * sessions)))

    # All sessions are opened before the clock starts.
    await ask_all(0.5)
    with _timed(sandbox.pid) as used:
        done = 0
        await ask_all(seconds)
    await pool.close()
    theory = sessions / delay_s if delay_s else None
    rate = done / used["elapsed_s"]
    return {
        "delay_ms": round(delay_s * 1e3),
        "sessions": sessions,
        "commands_per_s": round(rate, 1),
        "theory_per_s": theory,
        "share_of_theory": round(rate / theory, 3) if theory else None,
        "cpu_ms_per_command": round(used["ours_s"] / done * 1e3, 3),
        "registry_cpu_ms": round(used["registry_s"] / done * 1e3, 3),
    }


@contextmanager
def _timed(registry_pid: int) -> Iterator[dict[str, float]]:
    """Measure a block: what it fills is there after it."""
    used: dict[str, float] = {}
    theirs, ours, started = cpu_s(registry_pid), time.process_time(), time.perf_counter()
    yield used
    used["elapsed_s"] = time.perf_counter() - started
    used["ours_s"] = time.process_time() - ours
    used["registry_s"] = cpu_s(registry_pid) - theirs


async def measure(folder: Path, seconds: float) -> list[dict[str, object]]:
    """Return a row for each delay and number of sessions."""
    rows = []
    for delay_s in _DELAYS_S:
        options = (f"--delay={delay_s}", f"--sessions={max(_SESSIONS)}")
        with registry(folder / f"delay-{delay_s}", [], ["net"], *options) as sandbox:
            account = await _registered(sandbox)
            rows += [await _row(sandbox, account, delay_s, sessions, seconds) for sessions in _SESSIONS]
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
