"""The mail storm in full: `python -m tests.journeys.mailstorm`.

Prints what happened, what each promise came to, and one line of JSON; ends with 1 where a promise is broken.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.processes import stop_by_signal
from tests.journeys.mailstorm.plan import Plan
from tests.journeys.mailstorm.run import run
from tests.journeys.report import add_plan, plan_of, tell


def main() -> int:
    """Read the options, run, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.mailstorm", description=__doc__)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write figures and faults to a file as well"
    )
    add_plan(parser, Plan)
    options = parser.parse_args()
    plan = plan_of(options, Plan)
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="mailstorm-") as folder:
        report = run(plan, Path(folder), options.engine)
    return tell("Mail storm", report, {"plan": plan, "engine": options.engine}, options.json)


if __name__ == "__main__":
    sys.exit(main())
