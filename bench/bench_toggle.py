"""Privacy switched on and off: toggles per second and CPU per toggle, against the sandbox registry.

The registry and the service (SQLite, 4 EPP sessions) are processes of their own on loopback. Before the clock
starts, every domain is registered at both. Then all are switched on in one bulk request, and once the last
operation is done, all off again. `.org` replaces the contacts at the registry, `.net` publishes the proxy
in RDAP and WHOIS only. Every domain must end in the right state, and at the registry the registrant must be
gone and back. Prints a table and JSON; with `--json` only JSON; `--domains N` for other than 1,000.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bench.processes import RunningRegistry, RunningService, registry, service, stop_by_signal
from bench.report import cpu_s, report
from registries.sandbox.authority import CertificateAuthority
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.demo.registry_client import RegistryClient
from whoisproxy.domain.registrant import Registrant
from whoisproxy.observability import configure_logging
from whoisproxy.services.identities import registrant_contact

_LIMIT_S = 300
_LOOK_EVERY_S = 0.25
_AT_A_TIME = 8
_SAMPLE = 50  # each so-manyth domain is read back from the registry by another session
_MECHANISMS = {"org": "substitute", "net": "rdds_only"}
_BAD_EVENTS = {"privacy.failed", "privacy.leak_risk"}
_CONSENT = {"by": "account 4711, panel", "at": "2026-11-24T09:00:00Z", "text_version": "2026-01"}
_CONFIGURATION = """
[database]
url = "sqlite:///whoisproxy.sqlite3"
[keys]
folder = "keys"
[api]
port = 0
requests_per_minute = 100000000
[rdap]
port = 0
[whois]
port = 0
[smtp]
port = 0
[log]
level = "error"
[[registries]]
name = "sandbox"
host = "127.0.0.1"
port = {port}
client_id = "{account}"
password_file = "registry.password"
ca_file = "{ca_file}"
suffixes = ["org", "net"]
sessions = 4
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """Who takes part."""

    registry: RunningRegistry
    service: RunningService
    backend: Backend
    client: RegistryClient


def _configured(folder: Path, sandbox: RunningRegistry) -> Path:
    secret = folder / "registry.password"
    secret.touch(mode=0o600)
    secret.write_text(sandbox.password)
    ca_file = CertificateAuthority(sandbox.certificates).ca_file
    file = folder / "whoisproxy.toml"
    file.write_text(_CONFIGURATION.format(port=sandbox.port, account=sandbox.account, ca_file=ca_file))
    return file


async def measure(folder: Path, count: int) -> list[dict[str, object]]:
    """Start everything, switch every domain on and off, and return a row for each."""
    async with AsyncExitStack() as stack:
        sandbox = stack.enter_context(registry(folder / "registry", ["org"], ["net"]))
        running = stack.enter_context(service(_configured(folder, sandbox)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        authority = CertificateAuthority(sandbox.certificates)
        client = await RegistryClient.open(sandbox.port, authority, sandbox.account, sandbox.password)
        stack.push_async_callback(client.close)
        bench = Bench(sandbox, running, Backend(http, running.api, running.api_key), client)
        rows = []
        for suffix, mechanism in _MECHANISMS.items():
            names = [f"bench-{number}.{suffix}" for number in range(count)]
            await _register(bench, names)
            for enabled in (True, False):
                async with asyncio.timeout(_LIMIT_S):
                    figures = await _switch_all(bench, names, enabled=enabled)
                await _verify(bench, names, enabled=enabled)
                rows.append({"mechanism": mechanism, "switched": "on" if enabled else "off", **figures})
        return rows


async def _register(bench: Bench, names: list[str]) -> None:
    """Register every domain at the registry and at the service; not measured."""
    places = asyncio.Semaphore(_AT_A_TIME)
    holder = registrant_contact(Registrant.parse(REGISTRANT))
    body = {"registrant": REGISTRANT, "registrant_verified": True, "nameservers": []}

    async def put(name: str) -> None:
        async with places:
            reply = await bench.backend.call("PUT", f"/v1/domains/{name}", body)
        assert reply.status == 201, reply.body

    for name in names:
        await bench.client.register(name, None if name.endswith(".net") else holder)
    await asyncio.gather(*map(put, names))


async def _switch_all(bench: Bench, names: list[str], *, enabled: bool) -> dict[str, object]:
    """Switch all in one request, wait for the last to be done, and return the figures."""
    wish = {"enabled": True, "consent": _CONSENT} if enabled else {"enabled": False}
    lines = b"".join(json.dumps({"domain": name, **wish}).encode() + b"\n" for name in names)
    _, last = await _events(bench, 0)
    pids = (bench.service.pid, bench.registry.pid)
    before = [cpu_s(pid) for pid in pids]
    start = datetime.now(UTC)
    answers = [json.loads(line) for line in await bench.backend.bulk(lines)]
    refused = [answer for answer in answers if answer["status"] != 202]
    assert len(answers) == len(names), f"{len(answers)} answers to {len(names)} lines"
    assert not refused, refused[0]
    accepted = datetime.now(UTC)
    end = await _all_done(bench, last, "privacy.enabled" if enabled else "privacy.disabled", set(names))
    ours, theirs = ((cpu_s(pid) - used) / len(names) * 1e3 for pid, used in zip(pids, before, strict=True))
    return {
        "domains": len(names),
        "accepted_per_s": round(len(names) / (accepted - start).total_seconds(), 1),
        "toggles_per_s": round(len(names) / (end - start).total_seconds(), 1),
        "cpu_ms_per_toggle": round(ours, 2),
        "registry_cpu_ms": round(theirs, 2),
    }


async def _all_done(bench: Bench, last: int, kind: str, waiting: set[str]) -> datetime:
    """Return when the last domain was done, by the service's own clock, which is this machine's."""
    at = datetime.fromtimestamp(0, UTC)
    while waiting:
        # A few looks each second; asking without pause would be measured as work of the service.
        await asyncio.sleep(_LOOK_EVERY_S)
        events, last = await _events(bench, last)
        for event in events:
            assert event["type"] not in _BAD_EVENTS, event
            if event["type"] == kind:
                waiting.discard(event["domain"])
                at = datetime.fromisoformat(event["at"])
    return at


async def _events(bench: Bench, after: int) -> tuple[list[dict[str, Any]], int]:
    """Return all events after a place, and the place behind them."""
    events: list[dict[str, Any]] = []
    while True:
        page = (await bench.backend.call("GET", f"/v1/events?after={after}&limit=500")).body
        events += page["events"]
        after = page["next_after"]
        if not page["events"]:
            return events, after


async def _verify(bench: Bench, names: list[str], *, enabled: bool) -> None:
    """Read the state of every domain from the API, and of some from the registry."""
    wanted = "enabled" if enabled else "disabled"
    for name in names:
        state = (await bench.backend.call("GET", f"/v1/domains/{name}/privacy")).body["state"]
        assert state == wanted, f"{name} is {state}"
    for name in _held(names):
        frames = (await bench.client.contact_frames(name)).values()
        shown = any(str(REGISTRANT["email"]).encode() in frame for frame in frames)
        assert shown is not enabled, f"the registry {'shows' if shown else 'lost'} the registrant of {name}"


def _held(names: list[str]) -> Iterable[str]:
    return [name for name in names[::_SAMPLE] if name.endswith(".org")]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--domains", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("error", "json")
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="bench-toggle-") as folder:
        try:
            rows = asyncio.run(measure(Path(folder), options.domains))
        except TimeoutError:
            sys.exit(f"{options.domains} domains were not switched within {_LIMIT_S} seconds")
    report("Privacy toggles", rows)


if __name__ == "__main__":
    main()
