"""Reports of ours have the form of RFC 3464 and name the relay address only."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.dsn_request import DsnRequest
from mailrelay.message import RawMessage
from mailrelay.reports.reading.finding import Finding, Kind
from mailrelay.reports.reading.report import read_report
from mailrelay.reports.writing import Action, Outcome, build_dsn

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
RELAY = "abc@relay.example"
SENDER = "ada@offers.example"
ORIGINAL = RawMessage.parse(
    b"Received: from secret.example\r\nFrom: ada@offers.example\r\nSubject: hi\r\n\r\nbody text"
)
FAILED = Outcome(Action.FAILED, RELAY, "5.1.1", NOW)


def _status_groups(raw: bytes) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    status = message_from_bytes(raw).get_payload(1)
    assert isinstance(status, Message)
    about_message, about_recipient = (status.get_payload(number) for number in (0, 1))
    assert isinstance(about_message, Message)
    assert isinstance(about_recipient, Message)
    return about_message.items(), about_recipient.items()


def test_a_report_has_the_three_parts_of_rfc_3464_and_can_be_read_back() -> None:
    report = build_dsn(FAILED, ORIGINAL, SENDER, "relay.example", NOW).raw

    message = message_from_bytes(report)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    kinds = [part.get_content_type() for part in message.get_payload()]  # type: ignore[union-attr]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert read_report(report) == (Finding(Kind.HARD, RELAY, "5.1.1", "no-such-user", final=True),)
    assert b"Subject: hi" in report
    assert b"secret.example" not in report
    assert b"body text" not in report
    assert b"\n" not in report.replace(b"\r\n", b"")


def test_a_report_of_failure_shows_another_way() -> None:
    page = "https://pages.example/contact"
    shown = build_dsn(replace(FAILED, contact_url=page), ORIGINAL, SENDER, "relay.example", NOW).raw
    assert f"holder of the domain:\r\n\r\n    {page}\r\n".encode() in shown
    assert b"holder" not in build_dsn(FAILED, ORIGINAL, SENDER, "relay.example", NOW).raw


def test_what_the_sender_gave_comes_back_to_him() -> None:
    request = DsnRequest(envelope_id="QQ314159", original_recipient="rfc822;info@bakery.example")

    about_message, about_recipient = _status_groups(
        build_dsn(replace(FAILED, request=request), ORIGINAL, SENDER, "relay.example", NOW).raw
    )

    assert about_message == [
        ("Reporting-MTA", "dns; relay.example"),
        ("Original-Envelope-Id", "QQ314159"),
        ("Arrival-Date", "Mon, 01 Jun 2026 12:00:00 +0000"),
    ]
    assert about_recipient == [
        ("Original-Recipient", "rfc822;info@bakery.example"),
        ("Final-Recipient", f"rfc822; {RELAY}"),
        ("Action", "failed"),
        ("Status", "5.1.1"),
    ]


@pytest.mark.parametrize(
    ("outcome", "returned"),
    [
        (FAILED, "text/rfc822-headers"),
        (replace(FAILED, request=DsnRequest(returns_full=True)), "message/rfc822"),
        (
            replace(FAILED, action=Action.DELAYED, request=DsnRequest(returns_full=True)),
            "text/rfc822-headers",
        ),
    ],
)
def test_the_message_itself_comes_back_with_failures_only_and_when_asked_for(
    outcome: Outcome, returned: str
) -> None:
    report = build_dsn(outcome, ORIGINAL, SENDER, "relay.example", NOW).raw

    last = message_from_bytes(report).get_payload(2)
    assert last.get_content_type() == returned  # type: ignore[union-attr]
    assert (b"body text" in report) == (returned == "message/rfc822")


def test_a_delay_says_until_when_it_is_tried() -> None:
    delayed = Outcome(Action.DELAYED, RELAY, "4.4.1", NOW, retry_until=NOW)

    _, about_recipient = _status_groups(build_dsn(delayed, ORIGINAL, SENDER, "relay.example", NOW).raw)

    assert dict(about_recipient)["Will-Retry-Until"] == "Mon, 01 Jun 2026 12:00:00 +0000"
    assert dict(about_recipient)["Action"] == "delayed"


def test_an_address_in_utf_8_has_the_types_of_rfc_6533() -> None:
    outcome = replace(FAILED, recipient="zoë@relay.example")

    report = build_dsn(outcome, ORIGINAL, SENDER, "relay.example", NOW).raw

    assert b"Content-Type: message/global-delivery-status" in report
    assert "Final-Recipient: utf-8; zoë@relay.example".encode() in report


@given(st.text(max_size=60), st.text(max_size=60), st.binary(max_size=200))
def test_nothing_that_a_sender_made_us_remember_breaks_a_report(
    envelope_id: str, original_recipient: str, raw: bytes
) -> None:
    request = DsnRequest(
        None, returns_full=True, envelope_id=envelope_id, original_recipient=original_recipient
    )

    report = build_dsn(replace(FAILED, request=request), RawMessage.parse(raw), SENDER, "relay.example", NOW)

    status = report.raw.split(b"Content-Type: message/delivery-status", 1)[1]
    about_recipient = status.split(b"\r\n\r\n")[2]
    assert about_recipient.endswith(b"Action: failed\r\nStatus: 5.1.1")
    assert len(report.raw.replace(b"\r\n", b"")) == len(report.raw) - 2 * report.raw.count(b"\n")
