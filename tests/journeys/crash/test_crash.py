"""Connections break and workers are killed; every domain still ends as wanted, and nobody was shown.

The short form of `python -m tests.journeys.crash`.
"""

from pathlib import Path

import pytest

from tests.journeys.crash.plan import Plan
from tests.journeys.crash.run import run
from tests.support.postgres import PostgresServer

SHORT = Plan(domains=40, toggles=160, owners=40, patience_s=2, kill_every_s=2, settle_s=200)


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_no_crash_shows_a_registrant_or_leaves_anything_over(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    name = postgres.new_database()
    report = run(SHORT, tmp_path, postgres.url(name))
    postgres.drop(name)
    assert {promise: lines for promise, lines in report.faults.items() if lines} == {}
    assert report.figures["kills"] >= 3
    assert report.figures["connections cut"] >= 10
