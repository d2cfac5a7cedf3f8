"""Reports of failure name the relay address only."""

from datetime import UTC, datetime
from email import message_from_bytes

from mailrelay.message import RawMessage
from mailrelay.reports.reading.finding import Finding, Kind
from mailrelay.reports.reading.report import read_report
from mailrelay.reports.writing import Failure, build_dsn

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
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
    assert read_report(report) == (
        Finding(Kind.HARD, "abc@relay.example", "5.1.1", "no-such-user", final=True),
    )
    assert b"Subject: hi" in report
    assert b"secret.example" not in report
    assert b"body text" not in report
    assert b"\n" not in report.replace(b"\r\n", b"")
