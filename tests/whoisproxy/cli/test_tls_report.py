"""`whoisproxy tls-report` tells what the mail processes counted, after they have ended, too."""

import asyncio
from datetime import timedelta

from mailrelay.delivery.tls_policy import PolicyKind
from mailrelay.delivery.tls_report import TlsResult
from tests.whoisproxy.cli.conftest import Run
from whoisproxy.config import load
from whoisproxy.runtime.core import open_core, utc_now
from whoisproxy.runtime.mail.tls_reports import counted

YESTERDAY = utc_now() - timedelta(days=1)


def _mail_was_sent(domain: str, failure: TlsResult | None = None) -> None:
    async def process() -> None:
        async with open_core(load(None, {}), lambda: YESTERDAY) as core, counted(core) as reports:
            reports.count(domain, PolicyKind.STS, failure)

    asyncio.run(process())


def test_it_adds_up_what_processes_have_counted(run: Run) -> None:
    _mail_was_sent("home.example")
    _mail_was_sent("home.example", TlsResult.EXPIRED)
    _mail_was_sent("work.example")

    home, work = run("tls-report", "--day", f"{YESTERDAY:%Y-%m-%d}").json()

    assert home["contact-info"] == "postmaster@relay.localhost"
    assert home["policies"] == [
        {
            "policy": {"policy-type": "sts", "policy-domain": "home.example"},
            "summary": {"total-successful-session-count": 1, "total-failure-session-count": 1},
            "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 1}],
        }
    ]
    assert run("tls-report", "--day", f"{YESTERDAY:%Y-%m-%d}", "--domain", "work.example").json() == [work]


def test_a_day_without_mail_has_no_report(run: Run) -> None:
    assert run("tls-report").json() == []
    assert run("tls-report", "--day", "yesterday").code == 2
