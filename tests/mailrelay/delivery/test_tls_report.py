"""TLS reports count by day, domain and policy; what was counted is kept for some days, sealed."""

from datetime import timedelta
from pathlib import Path

from mailrelay.delivery.tls_counts import TlsCounts
from mailrelay.delivery.tls_policy import PolicyKind
from mailrelay.delivery.tls_report import Counts, Reporter, TlsReports, TlsResult
from tests.mailrelay.conftest import NOW, Clock
from tests.mailrelay.world import OwnerKeys

DAY = NOW.date()
REPORTER = Reporter("Relay Ltd", "postmaster@relay.example", "mx.relay.example")


def test_a_day_is_told_in_the_words_of_rfc_8460(clock: Clock) -> None:
    reports = TlsReports(clock)
    reports.count("home.example", PolicyKind.STS)
    reports.count("home.example", PolicyKind.STS)
    reports.count("home.example", PolicyKind.STS, TlsResult.EXPIRED)
    reports.count("home.example", PolicyKind.NONE)
    reports.count("work.example", PolicyKind.TLSA, TlsResult.TLSA_INVALID)

    home, work = REPORTER.reports(DAY, reports.take()[DAY])

    assert home == {
        "organization-name": "Relay Ltd",
        "date-range": {"start-datetime": f"{DAY}T00:00:00Z", "end-datetime": f"{DAY}T23:59:59Z"},
        "contact-info": "postmaster@relay.example",
        "report-id": f"{DAY}-home.example@mx.relay.example",
        "policies": [
            {
                "policy": {"policy-type": "no-policy-found", "policy-domain": "home.example"},
                "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0},
                "failure-details": [],
            },
            {
                "policy": {"policy-type": "sts", "policy-domain": "home.example"},
                "summary": {"total-successful-session-count": 2, "total-failure-session-count": 1},
                "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 1}],
            },
        ],
    }
    assert work["report-id"] == f"{DAY}-work.example@mx.relay.example"


def test_what_was_taken_is_not_taken_twice_and_days_are_apart(clock: Clock) -> None:
    reports = TlsReports(clock)
    for _ in range(2):
        reports.count("home.example", PolicyKind.TLSA)
        clock.advance(86400)

    assert reports.take() == {
        DAY + timedelta(days=number): Counts({("home.example", "tlsa", "success"): 1}) for number in range(2)
    }
    assert reports.take() == {}


async def test_processes_add_to_the_same_day_and_nothing_is_in_the_clear(tmp_path: Path) -> None:
    keys, folder = OwnerKeys(), tmp_path / "tls"
    one, other = TlsCounts(folder, keys), TlsCounts(folder, keys)
    await one.add(DAY, Counts({("home.example", "sts", "success"): 2}))
    await other.add(DAY, Counts({("home.example", "sts", "success"): 3, ("a.example", "sts", "success"): 1}))

    assert await one.of_day(DAY) == {
        ("home.example", "sts", "success"): 5,
        ("a.example", "sts", "success"): 1,
    }
    [file] = folder.iterdir()
    assert b"home" not in file.read_bytes().lower()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert await one.of_day(DAY + timedelta(days=1)) == {}


async def test_a_day_is_forgotten_after_a_week(tmp_path: Path) -> None:
    kept = TlsCounts(tmp_path, OwnerKeys())
    for number in range(9):
        await kept.add(DAY + timedelta(days=number), Counts({("home.example", "sts", "success"): 1}))

    days = [DAY + timedelta(days=number) for number in range(9)]
    assert [sum((await kept.of_day(day)).values()) for day in days] == [0, 0, 1, 1, 1, 1, 1, 1, 1]
