"""Machines tell each other which texts came, through a real Redis; without it each goes on alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from redis import Redis
from structlog.testing import capture_logs

from mailrelay.checks import shared_texts
from mailrelay.checks.shared_texts import STREAM, SharedTexts
from mailrelay.checks.similar_texts import SimilarTexts
from mailrelay.content.similarity import Sketch
from tests.mailrelay.conftest import Clock
from tests.mailrelay.content.test_seen import sketch_of
from tests.support.redis import RedisServer, redis_server

KEY = b"k" * 32
WINDOW = timedelta(hours=48)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_texts, "_AGAIN_S", 0.05)
    with Redis.from_url(server.url) as client:
        client.flushall()


class Machine:
    """A machine's memory, and its processes by turns."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self._clock = url, clock
        self._memory = memoryview(bytearray(2**18))
        self._heard = asyncio.Event()
        self.texts = SimilarTexts(KEY, self._memory, clock, WINDOW)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SimilarTexts]:
        shared = SharedTexts(self._url, self._memory[:64], WINDOW, self._clock)
        self.texts = SimilarTexts(KEY, self._memory, self._clock, WINDOW, shared.tell)
        async with shared.running(self._hear):
            yield self.texts

    def _hear(self, marks: tuple[int, ...], recipient: int, minute: int) -> None:
        self.texts.hear(marks, recipient, minute)
        self._heard.set()

    async def knows(self, sketch: Sketch, others: int) -> None:
        """Wait until so many were sent it."""
        async with asyncio.timeout(30):
            while self.texts.others(sketch, "nobody") != others:
                self._heard.clear()
                await self._heard.wait()


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110 - a counter of the program has no event
            await asyncio.sleep(0.01)


def _failed(direction: str) -> float:
    value = REGISTRY.get_sample_value("mailrelay_shared_texts_failures_total", {"direction": direction})
    return value or 0.0


def _texts(outcome: str) -> float:
    return REGISTRY.get_sample_value("mailrelay_shared_texts_total", {"outcome": outcome}) or 0.0


async def test_two_machines_count_together(server: RedisServer, clock: Clock) -> None:
    one, other = Machine(server.url, clock), Machine(server.url, clock)
    async with one.running() as here, other.running() as there:
        here.add(sketch_of(1), "a")
        here.add(sketch_of(1), "b")
        there.add(sketch_of(1), "b")
        there.add(sketch_of(1), "c")
        await one.knows(sketch_of(1), 3)
        await other.knows(sketch_of(1), 3)
        assert here.others(sketch_of(1), "a") == 2
        assert here.others(sketch_of(2), "a") == 0


async def test_a_machine_hears_what_came_while_it_was_down(server: RedisServer, clock: Clock) -> None:
    one, new = Machine(server.url, clock), Machine(server.url, clock)
    async with one.running() as here:
        for recipient in range(250):
            here.add(sketch_of(recipient), str(recipient))
    async with new.running():
        for recipient in range(250):
            await new.knows(sketch_of(recipient), 1)
        heard = _texts("heard")
    async with new.running() as there:
        # The next process of the machine goes on where the last one was.
        there.add(sketch_of(500), "x")
        async with one.running():
            await one.knows(sketch_of(500), 1)
    assert _texts("heard") == heard + 1


async def test_a_machine_does_not_hear_itself(server: RedisServer, clock: Clock) -> None:
    one, other = Machine(server.url, clock), Machine(server.url, clock)
    heard = _texts("heard")
    async with one.running() as here:
        here.add(sketch_of(1), "a")
        async with other.running() as there:
            there.add(sketch_of(2), "a")
            await one.knows(sketch_of(2), 1)
            await other.knows(sketch_of(1), 1)
    assert _texts("heard") == heard + 2


async def test_without_redis_a_machine_goes_on_alone_says_so_once_and_tells_all_later(
    clock: Clock,
) -> None:
    with redis_server() as server, capture_logs() as logs:
        one, other = Machine(server.url, clock), Machine(server.url, clock)
        async with AsyncExitStack() as stack:
            here = await stack.enter_async_context(one.running())
            await stack.enter_async_context(other.running())
            here.add(sketch_of(1), "a")
            await other.knows(sketch_of(1), 1)

            before = _failed("tell")
            server.kill()
            here.add(sketch_of(1), "b")
            assert here.others(sketch_of(1), "c") == 2
            await _until(lambda: _failed("tell") > before + 3)
            assert other.texts.others(sketch_of(1), "c") == 1

            server.start()
            await other.knows(sketch_of(1), 2)
            here.add(sketch_of(1), "d")
            await other.knows(sketch_of(1), 3)
            await _until(lambda: [log["event"] for log in logs].count("texts-shared-again") == 3)
    said = [(log["event"], log.get("direction")) for log in logs if log["log_level"] == "warning"]
    # Once for each process and direction.
    assert sorted(said) == [("texts-not-shared", "hear")] * 2 + [("texts-not-shared", "tell")]


async def test_what_there_is_to_tell_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_texts, "_MOST_WAITING", 10)
    lost = _texts("lost")
    async with Machine("unix:///nonexistent/redis.sock", clock).running() as here:
        for recipient in range(25):
            here.add(sketch_of(recipient), "a")
    assert _texts("lost") == lost + 15


async def test_what_somebody_else_wrote_there_is_left_out(server: RedisServer, clock: Clock) -> None:
    unreadable = _texts("unreadable")
    with Redis.from_url(server.url) as client:
        for entry in ({"texts": b"\x00\x01"}, {"texts": b"\x00" * 8 + b"\xff" + b"\x01" * 9}, {"other": "x"}):
            client.xadd(STREAM, entry)
    one, other = Machine(server.url, clock), Machine(server.url, clock)
    async with one.running() as here, other.running():
        here.add(sketch_of(1), "a")
        await other.knows(sketch_of(1), 1)
        await _until(lambda: _texts("unreadable") == unreadable + 4)


async def test_the_stream_keeps_no_more_than_the_window_and_no_name(
    server: RedisServer, clock: Clock
) -> None:
    with Redis.from_url(server.url) as client:
        for number in range(1000):
            client.xadd(STREAM, {"texts": b""}, id=f"{number + 1}-0")
        async with Machine(server.url, clock).running() as here:
            here.add(sketch_of(1), "owner_1 shop.example")
        entries = client.xrange(STREAM)
    # Trimming is by whole nodes of the stream.
    assert len(entries) < 200
    assert b"shop" not in repr(entries).encode()
