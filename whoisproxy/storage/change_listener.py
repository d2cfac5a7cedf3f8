"""Follow what PostgreSQL's triggers notify (`published_changes`): which names were changed since last asked.

A notification comes some milliseconds after the commit. It is missed while the connection is away, and a
connection may be away long before TCP says so. So it must answer once a second: when it has not, nobody
knows what has changed, and after it is made anew everything counts as changed.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from whoisproxy.storage.engine import PASSING
from whoisproxy.storage.published_changes import CHANNEL, EVERYTHING

_log = structlog.get_logger()

_BEAT_S = 1.0
_ANSWER_S = 2.0
_AGAIN_S = (0.2, 1.0, 5.0)
_MOST = 1000  # more names at once are taken for a change of everything


class ChangeListener:
    """Listens on a connection of its own, from `start` to `close`."""

    def __init__(self, engine: AsyncEngine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._names: set[str] = set()
        self._known_until = 0.0
        self._lost = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; until that works, `poll` knows nothing."""
        self._listening = asyncio.create_task(self._listen_on_and_on())

    async def close(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None
        self._known_until = 0.0

    def poll(self) -> Collection[str] | None:
        """Return the names that changed since the last call, or None where that cannot be known now.

        `EVERYTHING` may be among them. What is returned has been committed; what was committed a moment
        before the call may be missing.
        """
        if self._monotonic() >= self._known_until:
            return None
        if not self._names:
            return ()
        names, self._names = self._names, set()
        return names

    async def _listen_on_and_on(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
                failures = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is known until it works again
                _log.warning("published-changes-lost", error=type(error).__name__)
            self._known_until = 0.0
            await asyncio.sleep(_AGAIN_S[min(failures, len(_AGAIN_S) - 1)])
            failures += 1

    async def _listen(self) -> None:
        """Listen until the connection is lost."""
        self._lost.clear()
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            try:
                driver.add_termination_listener(self._on_end)
                await driver.add_listener(CHANNEL, self._on_change)
                # What was committed before is not told.
                self._names = {EVERYTHING}
                await self._beat(driver)
            finally:
                # It must not serve others, who would be told of changes.
                with suppress(*PASSING):
                    await connection.invalidate()

    async def _beat(self, driver: Any) -> None:
        while not self._lost.is_set():
            asked = self._monotonic()
            await driver.fetchval("SELECT 1", timeout=_ANSWER_S)
            # What was committed before we asked has been told before this answer.
            self._known_until = asked + _BEAT_S + _ANSWER_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), _BEAT_S)

    def _on_end(self, _driver: object) -> None:
        self._known_until = 0.0
        self._lost.set()

    def _on_change(self, _driver: object, _pid: int, _channel: str, name: str) -> None:
        if len(self._names) < _MOST:
            self._names.add(name)
        else:
            self._names = {EVERYTHING}
