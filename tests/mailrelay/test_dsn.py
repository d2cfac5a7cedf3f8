"""Reports of failure: ours name the relay address only, others' are understood."""

from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.dsn import Failure, build_dsn, reported_status
from mailrelay.message import RawMessage

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
DSNS = (Path(__file__).parents[2] / "../shared/data/mail/dsn").resolve()
ORIGINAL = RawMessage.parse(
    b"Received: from secret.example\r\nFrom: ada@offers.example\r\nSubject: hi\r\n\r\nbody text"
)


def test_a_report_has_the_three_parts_of_rfc_3464_and_can_be_read_back() -> None:
    failure = Failure("abc@relay.example", "5.1.1", NOW)

    report = build_dsn(failure, ORIGINAL, "ada@offers.example", "relay.example", NOW).raw

    message = message_from_bytes(report)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    kinds = [part.get_content_type() for part in message.get_payload()]  # type: ignore[union-attr]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert reported_status(report) == "5.1.1"
    assert b"Subject: hi" in report
    assert b"secret.example" not in report
    assert b"body text" not in report
    assert b"\n" not in report.replace(b"\r\n", b"")


@given(st.binary(max_size=500))
def test_anything_else_reports_nothing_and_does_no_harm(raw: bytes) -> None:
    assert reported_status(raw) in {"", "5.0.0"} or reported_status(raw).startswith("5.")


@pytest.mark.skipif(not DSNS.exists(), reason="the collection of DSNs is not here")
def test_every_real_report_is_read_without_raising() -> None:
    files = [path for path in DSNS.rglob("*") if path.suffix in {".eml", ".txt"}]
    statuses = [reported_status(path.read_bytes()) for path in files]
    assert len([status for status in statuses if status]) > len(statuses) // 10
