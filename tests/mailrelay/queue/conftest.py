from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import Clock
from tests.mailrelay.world import OwnerKeys
from whoisproxy.storage.engine import open_engine


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[QueueSite]:
    """Where the queue is, once with SQLite and once with PostgreSQL."""
    engine = open_engine(database_url)
    yield QueueSite(engine, tmp_path / "mail")
    await engine.dispose()


@pytest.fixture
def keys() -> OwnerKeys:
    return OwnerKeys()


@pytest.fixture
async def store(site: QueueSite, keys: OwnerKeys, clock: Clock) -> AsyncIterator[QueueStore]:
    async with open_queue(site, keys, clock) as store:
        yield store
