"""TLS reports count by day and policy, and forget what is older than yesterday."""

from datetime import timedelta

from mailrelay.delivery.tls_policy import PolicyKind
from mailrelay.delivery.tls_report import TlsReports, TlsResult
from tests.mailrelay.conftest import Clock


def test_a_day_is_told_in_the_words_of_rfc_8460(clock: Clock) -> None:
    reports = TlsReports(clock)
    reports.count("home.example", PolicyKind.STS)
    reports.count("home.example", PolicyKind.STS)
    reports.count("home.example", PolicyKind.STS, TlsResult.EXPIRED)

    assert reports.of_day(clock.now.date()) == [
        {
            "policy": {"policy-type": "sts", "policy-domain": "home.example"},
            "summary": {"total-successful-session-count": 2, "total-failure-session-count": 1},
            "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 1}],
        }
    ]


def test_the_day_before_yesterday_is_forgotten(clock: Clock) -> None:
    reports = TlsReports(clock)
    days = [clock.now.date() + timedelta(days=number) for number in range(3)]
    for _ in days:
        reports.count("home.example", PolicyKind.TLSA)
        clock.advance(86400)

    assert [len(reports.of_day(day)) for day in days] == [0, 1, 1]
