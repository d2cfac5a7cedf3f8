"""Mail processes follow what is learned about spam: one look at its version every half minute."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from whoisproxy.runtime.core import Core

_log = structlog.get_logger()
_EVERY_S = 30.0


@asynccontextmanager
async def following(core: Core) -> AsyncIterator[None]:
    """Read what was learned, before the first message is judged, and again whenever it changes."""
    await _refresh(core)
    reading = asyncio.create_task(_keep_reading(core))
    try:
        yield
    finally:
        reading.cancel()


async def _keep_reading(core: Core) -> None:
    while True:
        await asyncio.sleep(_EVERY_S)
        await _refresh(core)


async def _refresh(core: Core) -> None:
    try:
        await core.learning.refresh()
    except Exception as error:  # noqa: BLE001 - mail goes on, judged by what was learned before
        _log.warning("spam-learning-not-read", error=type(error).__name__)
