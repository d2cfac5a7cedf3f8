"""The crash test in full: `python -m tests.journeys.crash`.

Prints what happened, what each promise came to, and one line of JSON; ends with 1 where a promise is broken.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import stop_by_signal
from tests.journeys.crash.plan import Plan
from tests.journeys.crash.run import run
from tests.journeys.report import add_plan, plan_of, tell
from tests.support.postgres import postgres_server


def main() -> int:
    """Read the options, run, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.crash", description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write figures and faults to a file as well"
    )
    add_plan(parser, Plan)
    options = parser.parse_args()
    plan = plan_of(options, Plan)
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder, _database(options.database) as database:
        report = run(plan, Path(folder), database)
    return tell("Crash test", report, {"plan": plan, "database": options.database}, options.json)


@contextmanager
def _database(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        yield "sqlite:///whoisproxy.sqlite3"
        return
    with postgres_server() as server:
        yield server.url(server.new_database())


if __name__ == "__main__":
    sys.exit(main())
