"""The settings of delivery become routes, limits and logins."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.delivery.routing import Target
from mailrelay.delivery.schedule import RETRY_AFTER, Schedule
from mailrelay.delivery.tls_policy import Demand, TlsPolicy
from mailrelay.delivery.tls_report import TlsReports
from mailrelay.dns import Resolver
from whoisproxy.config import ConfigurationError, Delivery, Settings
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.mail import sending


@pytest.mark.parametrize(
    ("tls", "policy"),
    [
        ("none", TlsPolicy(Demand.CLEAR)),
        ("starttls", TlsPolicy(Demand.VERIFIED)),
        ("implicit", TlsPolicy(Demand.VERIFIED, implicit=True)),
    ],
)
async def test_the_smarthost_is_talked_to_as_the_operator_says(tls: str, policy: TlsPolicy) -> None:
    delivery = Delivery.model_validate({"smarthost": "smart.example:465", "smarthost_tls": tls})
    router = sending._router_of(Settings(delivery=delivery), Resolver([]), TlsReports(utc_now))

    route = await router.route("anywhere.example")

    assert route.targets == (Target("smart.example", "smart.example", 465, policy),)


def test_a_password_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    delivery = Delivery(smarthost_username="relay", smarthost_password_file=tmp_path / "missing")

    with pytest.raises(ConfigurationError, match="missing: cannot be read"):
        sending._client_of(Settings(delivery=delivery), TlsReports(utc_now))


def test_waits_come_from_the_settings_or_the_table() -> None:
    assert sending._schedule_of(Settings(delivery=Delivery(retry_after_s=(60, 600)))).lifetime == timedelta(
        minutes=11
    )
    assert sending._schedule_of(Settings()).lifetime == Schedule(RETRY_AFTER).lifetime
