"""Reports of other servers are understood."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.dsn import reported_status

DSNS = (Path(__file__).parents[2] / "../shared/data/mail/dsn").resolve()


@given(st.binary(max_size=500))
def test_anything_else_reports_nothing_and_does_no_harm(raw: bytes) -> None:
    assert reported_status(raw) in {"", "5.0.0"} or reported_status(raw).startswith("5.")


@pytest.mark.skipif(not DSNS.exists(), reason="the collection of DSNs is not here")
def test_every_real_report_is_read_without_raising() -> None:
    files = [path for path in DSNS.rglob("*") if path.suffix in {".eml", ".txt"}]
    statuses = [reported_status(path.read_bytes()) for path in files]
    assert len([status for status in statuses if status]) > len(statuses) // 10
