"""The service is killed while mail comes in and goes out; whatever was answered 250 arrives.

The short form of `python -m tests.journeys.mailstorm`.
"""

from pathlib import Path

import pytest

from tests.journeys.mailstorm.plan import Plan
from tests.journeys.mailstorm.run import run

SHORT = Plan(
    messages=200,
    kills=4,
    sessions=8,
    smtp_source=0,
    kill_every_s=1.5,
    fault_share=0.1,
    timeout_s=1,
    settle_s=150,
)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_crash_loses_a_message_that_was_answered_250(tmp_path: Path) -> None:
    report = run(SHORT, tmp_path)
    assert {promise: lines for promise, lines in report.faults.items() if lines} == {}
    assert report.figures["messages answered 250"] >= SHORT.messages
    assert sum(value for name, value in report.figures.items() if name.startswith("sink: ")) >= 10
