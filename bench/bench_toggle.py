"""Privacy switched on and off: toggles per second and CPU per toggle, by EPP sessions and registry delay.

The sandbox registry and the service (SQLite) are processes of their own on loopback, started anew for each
number of sessions and each delay of the registry's answers. All domains are switched on in one bulk request,
and once the last operation is done, all off again. `.org` replaces the contacts at the registry; `.net`
publishes the proxy in RDAP and WHOIS only, where neither sessions nor delay matter. Every domain must end in
the right state, and at the registry the registrant must be gone and back.

With a delay, the rate in theory is sessions / (commands per toggle x delay): what sessions that are never
idle reach at a registry that needs no time besides. It is compared with the rate between the first and the
last tenth of the toggles, for in those some sessions have no work. So that slow combinations take no longer,
they get fewer domains: what is done in theory within `--seconds`. Prints a table and JSON; with `--json` only
JSON.
"""

import argparse
import asyncio
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp

from bench.installation import CONSENT, configure, import_all, mailbox_of, register_all
from bench.processes import RunningRegistry, RunningService, add_registrar, registry, service, stop_by_signal
from bench.report import cpu_s, report
from registries.sandbox import directory
from registries.sandbox.store import Store
from whoisproxy.demo.backend import Backend
from whoisproxy.observability import configure_logging

_LIMIT_S = 300
_LOOK_EVERY_S = 0.25
_MECHANISMS = {"org": "substitute", "net": "rdds_only"}
_BAD_EVENTS = {"privacy.failed", "privacy.leak_risk"}
_SESSION_COMMANDS = {"login", "logout"}
_USUAL_COMMANDS = 12  # of a toggle that replaces contacts; only the number of domains is chosen by it


@dataclass(frozen=True, slots=True)
class Setup:
    """One combination that is measured."""

    suffix: str
    sessions: int
    delay_s: float
    domains: int


@dataclass(frozen=True, slots=True)
class Bench:
    """Who takes part."""

    setup: Setup
    registry: RunningRegistry
    records: Store
    service: RunningService
    backend: Backend


def setups(options: argparse.Namespace) -> list[Setup]:
    """Return every combination, and one of `.net`."""
    found = [Setup("net", 1, 0.0, options.domains)]
    for delay_ms in options.delays:
        for sessions in options.sessions:
            delay_s = delay_ms / 1000
            rate = sessions / (_USUAL_COMMANDS * delay_s) if delay_s else math.inf
            count = max(2 * sessions, min(options.domains, round(min(rate * options.seconds, 1e9))))
            found.append(Setup("org", sessions, delay_s, count))
    return found


async def measure(folder: Path, setup: Setup) -> list[dict[str, object]]:
    """Start everything, switch every domain on and off, and return a row for each."""
    names = [f"bench-{number}.{setup.suffix}" for number in range(setup.domains)]
    async with AsyncExitStack() as stack:
        # The registry admits a few more, so that it is the pool that limits them.
        faults = (f"--delay={setup.delay_s}", f"--sessions={setup.sessions + 4}")
        sandbox = stack.enter_context(registry(folder / "registry", ["org"], ["net"], *faults))
        config = configure(folder, sandbox, list(_MECHANISMS), sessions=setup.sessions)
        await register_all(sandbox, names, ["net"])
        api_key = add_registrar(config)
        import_all(config, names)
        running = stack.enter_context(service(config))
        records = await stack.enter_async_context(Store(sandbox.database))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        bench = Bench(setup, sandbox, records, running, Backend(http, running.api, api_key))
        rows = []
        for enabled in (True, False):
            async with asyncio.timeout(_LIMIT_S):
                figures = await _switch_all(bench, names, enabled=enabled)
            await _verify(bench, names, enabled=enabled)
            rows.append({**_heading(setup), "switched": "on" if enabled else "off", **figures})
        return rows


def _heading(setup: Setup) -> dict[str, object]:
    contacts = setup.suffix == "org"
    return {
        "mechanism": _MECHANISMS[setup.suffix],
        "delay_ms": round(setup.delay_s * 1000) if contacts else None,
        "sessions": setup.sessions if contacts else None,
        "domains": setup.domains,
    }


async def _switch_all(bench: Bench, names: Sequence[str], *, enabled: bool) -> dict[str, object]:
    """Switch all in one request, wait for the last to be done, and return the figures."""
    wish = {"enabled": True, "consent": CONSENT} if enabled else {"enabled": False}
    lines = b"".join(json.dumps({"domain": name, **wish}).encode() + b"\n" for name in names)
    _, last = await _events(bench, 0, "")
    commands = await _commands(bench)
    pids = (bench.service.pid, bench.registry.pid)
    before = [cpu_s(pid) for pid in pids]
    start = datetime.now(UTC)
    answers = [json.loads(line) for line in await bench.backend.bulk(lines)]
    refused = [answer for answer in answers if answer["status"] != 202]
    assert len(answers) == len(names), f"{len(answers)} answers to {len(names)} lines"
    assert not refused, refused[0]
    done = await _all_done(bench, last, "privacy.enabled" if enabled else "privacy.disabled", len(names))
    ours, theirs = ((cpu_s(pid) - used) / len(names) * 1e3 for pid, used in zip(pids, before, strict=True))
    per_toggle = (await _commands(bench) - commands) / len(names)
    return {
        "toggles_per_s": round(len(names) / (done[-1] - start).total_seconds(), 1),
        **_against_theory(bench.setup, per_toggle, _steady_rate(done)),
        "cpu_ms": round(ours, 1),
        "registry_cpu_ms": round(theirs, 1),
    }


def _against_theory(setup: Setup, per_toggle: float, steady: float) -> dict[str, object]:
    theory = setup.sessions / (per_toggle * setup.delay_s) if per_toggle and setup.delay_s else None
    return {
        "steady_per_s": round(steady, 1),
        "commands": round(per_toggle, 1),
        "theory_per_s": theory and round(theory, 1),
        "part": theory and round(steady / theory, 2),
    }


def _steady_rate(done: Sequence[datetime]) -> float:
    """Return toggles per second between the first and the last tenth of them."""
    tenth = len(done) // 10
    middle = done[tenth : len(done) - tenth]
    return (len(middle) - 1) / max((middle[-1] - middle[0]).total_seconds(), 1e-6)


async def _all_done(bench: Bench, last: int, kind: str, count: int) -> list[datetime]:
    """Return when each was done, by the service's own clock, which is this machine's."""
    done: list[datetime] = []
    while len(done) < count:
        # A few looks each second; asking without pause would be measured as work of the service.
        await asyncio.sleep(_LOOK_EVERY_S)
        found, last = await _events(bench, last, kind)
        done += found
    return sorted(done)


async def _events(bench: Bench, after: int, kind: str) -> tuple[list[datetime], int]:
    """Return the times of the events of a kind after a place, and the place behind all."""
    times: list[datetime] = []
    while True:
        page = (await bench.backend.call("GET", f"/v1/events?after={after}&limit=500")).body
        for event in page["events"]:
            assert event["type"] not in _BAD_EVENTS, event
            if event["type"] == kind:
                times.append(datetime.fromisoformat(event["at"]))
        after = page["next_after"]
        if not page["events"]:
            return times, after


async def _commands(bench: Bench) -> int:
    """Return how many commands the registry has answered, those about sessions left out."""
    journal = await bench.records.transact(lambda state: state.journal.after(0))
    return sum(entry.command not in _SESSION_COMMANDS for entry in journal)


async def _verify(bench: Bench, names: Sequence[str], *, enabled: bool) -> None:
    """Read the state of every domain from the API, and what the registry's directory shows of it."""
    wanted = "enabled" if enabled else "disabled"
    for name in names:
        state = (await bench.backend.call("GET", f"/v1/domains/{name}/privacy")).body["state"]
        assert state == wanted, f"{name} is {state}"
        if name.endswith(".org"):
            entry = await bench.records.transact(partial(directory.published, domain=name))
            assert entry is not None, f"the registry lost {name}"
            shown = mailbox_of(name) in entry.text()
            assert shown is not enabled, (
                f"the registry {'shows' if shown else 'lost'} the registrant of {name}"
            )


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--domains", type=int, default=300, help="at most, each (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=12, help="in theory, where it is slow (%(default)s)")
    parser.add_argument("--sessions", type=_numbers, default=[1, 4, 16], help="comma-separated (1,4,16)")
    parser.add_argument(
        "--delays", type=_numbers, default=[0, 50], help="milliseconds, comma-separated (0,50)"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("error", "json")
    stop_by_signal()
    rows = []
    for setup in setups(options):
        with tempfile.TemporaryDirectory(prefix="bench-toggle-") as folder:
            try:
                rows += asyncio.run(measure(Path(folder), setup))
            except TimeoutError:
                sys.exit(f"{setup} was not done within {_LIMIT_S} seconds")
    report("Privacy toggles", rows)


if __name__ == "__main__":
    main()
