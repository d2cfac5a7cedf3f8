"""A running API for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.whoisproxy.api.service import Service, running_service
from whoisproxy.api.limits import ApiLimits
from whoisproxy.storage.unit_of_work import Storage

GENEROUS = ApiLimits(requests_per_minute=1_000_000, failures_per_minute=1_000_000)


@pytest.fixture
def limits() -> ApiLimits:
    """Limits that stand in no test's way; a module or a test overrides it by parametrizing."""
    return GENEROUS


@pytest.fixture
async def service(sqlite_storage: Storage, limits: ApiLimits) -> AsyncIterator[Service]:
    """The API on loopback."""
    async with running_service(sqlite_storage, limits) as running:
        yield running
