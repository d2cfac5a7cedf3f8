"""What the programs that try to break the service share: a plan as options, and how they tell what came."""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from bench.report import print_table

_LINES_SHOWN = 10

PlanT = TypeVar("PlanT")


@dataclass(frozen=True, slots=True)
class Report:
    """What happened and what is wrong.

    Attributes:
        figures: Numbers by name.
        faults: By broken promise, one line each.
    """

    figures: Mapping[str, float]
    faults: Mapping[str, list[str]]


def add_plan(parser: argparse.ArgumentParser, plan: type[Any]) -> None:
    """Add an option for each field of a plan, which is a dataclass with a default for each."""
    for field in fields(plan):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(
            option, type=type(field.default), default=field.default, metavar="N", help="default %(default)s"
        )


def plan_of(options: argparse.Namespace, plan: type[PlanT]) -> PlanT:
    """Return the plan that the options describe."""
    return plan(**{field.name: getattr(options, field.name) for field in fields(plan)})  # type: ignore[arg-type]


def tell(title: str, report: Report, about: Mapping[str, object], file: Path | None) -> int:
    """Print a report as tables and as JSON, which goes to the file as well; return the exit code."""
    print_table(title, [{"figure": name, "value": value} for name, value in report.figures.items()])
    print_table(
        "Promises broken", [{"promise": name, "times": len(lines)} for name, lines in report.faults.items()]
    )
    for name, lines in report.faults.items():
        for line in lines[:_LINES_SHOWN]:
            sys.stdout.write(f"{name}: {line}\n")
    text = json.dumps({**about, **asdict(report)}, default=asdict)
    sys.stdout.write(text + "\n")
    if file:
        file.write_text(text + "\n")
    return int(any(report.faults.values()))
