"""The crash test in full: `python -m tests.journeys.crash`.

Prints what happened, what each promise came to, and one line of JSON; ends with 1 where a promise is broken.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

from bench.processes import stop_by_signal
from bench.report import print_table
from tests.journeys.crash.plan import Plan
from tests.journeys.crash.run import Report, run
from tests.support.postgres import postgres_server

_LINES_SHOWN = 10


def main() -> int:
    """Read the options, run, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.crash", description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write figures and faults to a file as well"
    )
    for field in fields(Plan):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(
            option, type=type(field.default), default=field.default, metavar="N", help="default %(default)s"
        )
    options = parser.parse_args()
    plan = Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)})
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder, _database(options.database) as database:
        report = run(plan, Path(folder), database)
    _tell(report)
    text = json.dumps({"plan": asdict(plan), "database": options.database, **asdict(report)})
    sys.stdout.write(text + "\n")
    if options.json:
        options.json.write_text(text + "\n")
    return int(any(report.faults.values()))


@contextmanager
def _database(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        yield "sqlite:///whoisproxy.sqlite3"
        return
    with postgres_server() as server:
        yield server.url(server.new_database())


def _tell(report: Report) -> None:
    print_table("Crash test", [{"figure": name, "value": value} for name, value in report.figures.items()])
    print_table(
        "Promises broken", [{"promise": name, "times": len(lines)} for name, lines in report.faults.items()]
    )
    for name, lines in report.faults.items():
        for line in lines[:_LINES_SHOWN]:
            sys.stdout.write(f"{name}: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
