import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from mailrelay.server import ServerLimits
from tests.mailrelay.server.client import UNHURRIED
from tests.mailrelay.world import World, open_world


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Whatever holds on one loop holds on the other, where transports are made differently."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    # Many of these tests err on purpose, and none of them is about how long who errs must wait.
    async with open_world(tmp_path, ServerLimits(error_pause_s=0), checks=UNHURRIED) as opened:
        yield opened
