"""What the tests of the mail relay share: a DNS server of their own and a resolver that asks it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from mailrelay.dns import Resolver
from whoisproxy.demo.dns_server import DnsServer

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Clock:
    """Aware UTC that moves only when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def dns_server() -> AsyncIterator[DnsServer]:
    async with DnsServer() as server:
        yield server


@pytest.fixture
def resolver(dns_server: DnsServer) -> Resolver:
    return Resolver([dns_server.nameserver], timeout_s=0.5, lifetime_s=1.0)
