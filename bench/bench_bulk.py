"""Many domains switched on in one bulk request: time to accept, time until done, memory, queue depth.

The service (SQLite) and the sandbox registry are processes of their own on loopback. The domains are imported
with the service's own import before the clock starts. Each second the open work in the outbox is counted and
the memory of the service is read; the course goes into a JSON file and is drawn as an SVG picture. Every
domain must end switched on, and at the registry no registrant may be shown any more. Prints a table and JSON;
with `--json` only JSON.

For the figures in docs: `bench_bulk.py --domains 100000 --plot docs/bulk.svg`. What is not done within
`--limit` seconds is reported as far as it came, and ends with an error.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp

from bench.installation import CONSENT, configure, import_all, register_all
from bench.plot import Curve, Mark, Panel, draw
from bench.processes import RunningRegistry, RunningService, add_registrar, registry, service, stop_by_signal
from bench.report import cpu_s, memory_mib, report
from registries.sandbox import directory
from registries.sandbox.store import State, Store
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.cast import traces_in
from whoisproxy.observability import configure_logging

_SUFFIXES = {"substitute": "org", "rdds_only": "net"}
_TELL_EVERY = 10  # samples
_SAMPLE = 20  # each so-manyth domain is looked up in the registry's directory
_OPEN = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed')"
_STATES = "SELECT state, count(*) FROM privacy GROUP BY state"


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at one moment; seconds since the request began."""

    at_s: float
    open_work: int
    rss_mib: float
    pss_mib: float


@dataclass(slots=True)
class Course:
    """What happened over time; None for what has not happened."""

    samples: list[Sample] = field(default_factory=list)
    accepted_s: float | None = None
    done_s: float | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Who takes part."""

    names: Sequence[str]
    registry: RunningRegistry
    service: RunningService
    backend: Backend
    database: Path


async def measure(folder: Path, options: argparse.Namespace) -> tuple[dict[str, object], Course]:
    """Start everything, switch every domain on, and return the figures and the course."""
    names = [f"bulk-{number}.{_SUFFIXES[options.mechanism]}" for number in range(options.domains)]
    async with AsyncExitStack() as stack:
        faults = (f"--delay={options.delay / 1000}", f"--sessions={options.sessions + 4}")
        sandbox = stack.enter_context(registry(folder / "registry", ["org"], ["net"], *faults))
        config = configure(folder, sandbox, list(_SUFFIXES.values()), sessions=options.sessions)
        await register_all(sandbox, names, ["net"])
        api_key = add_registrar(config)
        _say(f"importing {len(names)} domains")
        begun = time.monotonic()
        import_all(config, names)
        imported_s = time.monotonic() - begun
        _say(f"{len(names)} domains imported in {imported_s:.0f} s")
        running = stack.enter_context(service(config))
        # One answer may take as long as the whole bench.
        unhurried = aiohttp.ClientTimeout(total=None)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=unhurried))
        backend = Backend(http, running.api, api_key)
        bench = Bench(names, sandbox, running, backend, folder / "whoisproxy.sqlite3")
        used = cpu_s(running.pid)
        course = await _course(bench, options.limit)
        if course.done_s is not None:
            await _verify(bench, contacts=options.mechanism == "substitute")
        spent = cpu_s(running.pid) - used
        return _figures(options, imported_s, spent, course), course


async def _course(bench: Bench, limit_s: float) -> Course:
    """Send the request and watch until all work is done, or the time is over."""
    course = Course()
    start = time.monotonic()
    sending = asyncio.create_task(_send(bench, course, start))
    try:
        with closing(sqlite3.connect(f"file:{bench.database}?mode=ro", uri=True)) as database:
            while time.monotonic() - start < limit_s:
                (count,) = database.execute(_OPEN).fetchone()
                rss, pss = memory_mib(bench.service.pid)
                at = time.monotonic() - start
                course.samples.append(Sample(round(at, 2), count, rss, pss))
                if len(course.samples) % _TELL_EVERY == 0:
                    _say(f"{at:5.0f} s: {count} open, {rss:.0f} MiB")
                if sending.done() and not count:
                    course.done_s = at
                    break
                await asyncio.sleep(1)
    finally:
        in_time = sending.done()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=not in_time)
    return course


async def _send(bench: Bench, course: Course, start: float) -> None:
    line = {"enabled": True, "consent": CONSENT}
    body = b"".join(json.dumps({"domain": name, **line}).encode() + b"\n" for name in bench.names)
    answers = [json.loads(answer) for answer in await bench.backend.bulk(body)]
    course.accepted_s = time.monotonic() - start
    refused = [answer for answer in answers if answer["status"] != 202]
    assert len(answers) == len(bench.names), f"{len(answers)} answers to {len(bench.names)} lines"
    assert not refused, refused[0]


async def _verify(bench: Bench, *, contacts: bool) -> None:
    """Count the states in our database, and look some domains up in the registry's directory."""
    with closing(sqlite3.connect(f"file:{bench.database}?mode=ro", uri=True)) as database:
        states = dict(database.execute(_STATES).fetchall())
    assert states == {"enabled": len(bench.names)}, states
    if not contacts:
        return

    def shown(state: State) -> list[str]:
        looked_up = {name: directory.published(state, name) for name in bench.names[::_SAMPLE]}
        return [name for name, entry in looked_up.items() if entry is None or traces_in(entry.text())]

    async with Store(bench.registry.database) as records:
        exposed = await records.transact(shown)
    assert not exposed, f"the registry shows the registrants of {exposed}"


def _figures(options: argparse.Namespace, imported_s: float, cpu: float, course: Course) -> dict[str, object]:
    accepted, done = course.accepted_s, course.done_s
    return {
        "mechanism": options.mechanism,
        "domains": options.domains,
        "imported_per_s": round(options.domains / imported_s, 1),
        "accepted_s": accepted and round(accepted, 1),
        "done_s": done and round(done, 1),
        "toggles_per_s": done and round(options.domains / done, 1),
        "cpu_ms_per_toggle": done and round(cpu / options.domains * 1e3, 1),
        "most_open": max(sample.open_work for sample in course.samples),
        "open_in_the_end": course.samples[-1].open_work,
        "rss_mib_begin": course.samples[0].rss_mib,
        "rss_mib_most": max(sample.rss_mib for sample in course.samples),
    }


def _picture(file: Path, options: argparse.Namespace, course: Course) -> None:
    samples = course.samples
    panels = [
        Panel("Open work in the outbox", [Curve("pieces", "#1f6fb2", [each.open_work for each in samples])]),
        Panel(
            "Memory of the service, MiB",
            [
                Curve("RSS", "#b2541f", [each.rss_mib for each in samples]),
                Curve("PSS", "#3f8f4f", [each.pss_mib for each in samples]),
            ],
        ),
    ]
    moments = {"all accepted": course.accepted_s, "all done": course.done_s}
    marks = [Mark(label, at) for label, at in moments.items() if at is not None]
    title = f"{options.domains:,} domains switched on in one request ({options.mechanism})"
    draw(file, title, [each.at_s for each in samples], panels, marks)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--domains", type=int, default=1000, help="how many (default %(default)s)")
    parser.add_argument("--mechanism", choices=list(_SUFFIXES), default="rdds_only")
    parser.add_argument("--sessions", type=int, default=16, help="EPP sessions (default %(default)s)")
    parser.add_argument("--delay", type=float, default=0, metavar="MS", help="of the registry's answers")
    parser.add_argument("--limit", type=float, default=7200, metavar="SECONDS", help="default %(default)s")
    parser.add_argument("--course", type=Path, metavar="FILE", help="write the samples as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the samples as SVG")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure, write, report."""
    options = _options()
    configure_logging("error", "json")
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="bench-bulk-") as folder:
        figures, course = asyncio.run(measure(Path(folder), options))
    if options.course:
        options.course.write_text(json.dumps({**figures, **asdict(course)}) + "\n")
    if options.plot:
        _picture(options.plot, options, course)
    report("Bulk switch", [figures])
    if course.done_s is None:
        sys.exit(f"not done within {options.limit:g} seconds")


if __name__ == "__main__":
    main()
