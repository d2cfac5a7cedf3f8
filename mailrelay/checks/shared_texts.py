"""Tell other machines which texts came, and hear it of them: a stream in Redis (5.0 or newer).

Nothing waits for Redis: what came is told some moments later, what is heard goes into the memory of this
machine, and a text is looked up there alone. While Redis is away each machine knows what it has seen
itself; what there is to tell waits, up to a bound. Hearing goes on where it stopped, and begins with all
that the stream still has, so a machine that was started anew soon knows what the others know. To hear
something twice changes nothing.

An entry holds marks, hashes of recipients and minutes, made under the key of `SimilarTexts`.
"""

import asyncio
import os
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from mailrelay.checks.rates import Clock
from mailrelay.checks.similar_texts import Tell

STREAM = "whoisproxy:similar-texts"

_TEXTS = Counter(
    "mailrelay_shared_texts_total", "Texts told to other machines and heard of them", ["outcome"]
)
_FAILURES = Counter("mailrelay_shared_texts_failures_total", "Failed attempts to reach Redis", ["direction"])
_log = structlog.get_logger()

_HEAD = struct.Struct("<IIB")  # minute, recipient, number of marks of 8 octets each that follow
_RECIPIENT_MASK = 2**32 - 1
_MOST_AT_ONCE = 100  # texts of one entry
_MOST_WAITING = 20_000
_ENTRIES_AT_ONCE = 3  # what they hold is remembered without a pause, in some milliseconds
_PAUSE_S, _AGAIN_S, _LAST_S = 0.05, 2.0, 1.0
_BLOCK_MS = 1000
_TIMEOUT_S = 5.0
_ORIGIN, _MILLISECONDS, _SEQUENCE = range(3)


class SharedTexts:
    """The exchange with other machines, for one process.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        notes: 64 octets that the processes of this machine share: who they are, and what they have heard.
        window: How long texts are of interest.
        clock: Aware UTC.
    """

    def __init__(self, url: str, notes: memoryview, window: timedelta, clock: Clock) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            protocol=2,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._notes = notes.cast("Q")
        self._window = window
        self._clock = clock
        self._waiting: deque[bytes] = deque()
        self._failing: set[str] = set()
        self._ending = False

    def tell(self, marks: tuple[int, ...], recipient: int, minute: int) -> None:
        """Let the others know, some moments later."""
        head = _HEAD.pack(minute, recipient & _RECIPIENT_MASK, len(marks))
        self._waiting.append(head + struct.pack(f"<{len(marks)}Q", *marks))
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            _TEXTS.labels("lost").inc()

    @asynccontextmanager
    async def running(self, hear: Tell | None) -> AsyncIterator[None]:
        """Tell, and hear where this is the process of its machine that does so, until the block ends."""
        loops = [asyncio.create_task(self._for_ever("tell", self._tell_some))]
        if hear is not None:
            heard: Tell = hear
            loops.append(asyncio.create_task(self._for_ever("hear", lambda: self._hear_some(heard))))
        try:
            yield
        finally:
            # The library may lose a cancellation; its answer then ends the loop.
            self._ending = True
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            with suppress(RedisError, OSError):
                async with asyncio.timeout(_LAST_S):
                    await self._send()
            await self._redis.aclose()

    async def _for_ever(self, direction: str, step: Callable[[], Awaitable[None]]) -> None:
        while not self._ending:
            try:
                await step()
            except (RedisError, OSError) as error:
                _FAILURES.labels(direction).inc()
                if direction not in self._failing:
                    # Said once: mail goes on, and the metric counts.
                    _log.warning("texts-not-shared", direction=direction, error=type(error).__name__)
                self._failing.add(direction)
                await asyncio.sleep(_AGAIN_S)
            else:
                self._works_again(direction)

    def _works_again(self, direction: str) -> None:
        if direction in self._failing:
            self._failing.discard(direction)
            _log.info("texts-shared-again", direction=direction)

    async def _tell_some(self) -> None:
        await asyncio.sleep(_PAUSE_S)
        await self._send()

    async def _send(self) -> None:
        """Add entries until nothing waits; what an entry holds waits on where that fails."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE))]
            oldest_ms = int((self._clock() - self._window).timestamp() * 1000)
            entry: dict[Any, Any] = {"origin": self._origin, "texts": b"".join(batch)}
            try:
                await self._redis.xadd(STREAM, entry, minid=oldest_ms, approximate=True)
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise
            _TEXTS.labels("told").inc(len(batch))

    async def _hear_some(self, hear: Tell) -> None:
        position = f"{self._notes[_MILLISECONDS]}-{self._notes[_SEQUENCE]}"
        answer: Any = await self._redis.xread({STREAM: position}, count=_ENTRIES_AT_ONCE, block=_BLOCK_MS)
        for _, entries in answer or ():
            for name, entry in entries:
                if entry.get(b"origin") != self._origin:
                    self._take(entry.get(b"texts", b""), hear)
                milliseconds, _, sequence = name.partition(b"-")
                self._notes[_MILLISECONDS], self._notes[_SEQUENCE] = int(milliseconds), int(sequence)
        await asyncio.sleep(0)

    def _take(self, texts: bytes, hear: Tell) -> None:
        count = 0
        try:
            for marks, recipient, minute in _read(texts):
                hear(marks, recipient, minute)
                count += 1
        except struct.error:
            _TEXTS.labels("unreadable").inc()
        _TEXTS.labels("heard").inc(count)

    @property
    def _origin(self) -> bytes:
        """Who tells: the processes of one machine, which know each other's texts without being told."""
        if not self._notes[_ORIGIN]:
            self._notes[_ORIGIN] = int.from_bytes(os.urandom(8), "little") | 1
        return b"%x" % self._notes[_ORIGIN]


def _read(texts: bytes) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Yield marks, recipient and minute of each text of an entry."""
    at = 0
    while at < len(texts):
        minute, recipient, count = _HEAD.unpack_from(texts, at)
        at += _HEAD.size
        yield struct.unpack_from(f"<{count}Q", texts, at), recipient, minute
        at += 8 * count
