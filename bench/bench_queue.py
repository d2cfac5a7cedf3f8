"""The mail queue: messages per second and CPU per message, from taking them to the record of their delivery.

Each of `--parallel` sessions queues a message of 4 KiB, waits until it is durable, and queues the next; a
worker in the same process gets it and records at once that it is delivered. So a message costs what the queue
costs: sealing, two durable changes, the journal, and the hand-over in between. Nothing is sent or received.

The peer does the same work with the same statements, but commits every change by itself. Both run on SQLite
and on PostgreSQL, empty, with 100,000 deferred messages, and with 1,000,000 finished ones besides (`--full`).
CPU is that of this process and of PostgreSQL's server together. Prints a table and JSON; with `--json` only
JSON.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.report import cpu_s, report
from mailrelay.delivery.worker import DeliveryWorker
from mailrelay.queue.entry import Direction, NewMessage, QueuedMessage, State
from mailrelay.queue.ids import new_message_id
from mailrelay.queue.opening import QueueSite, places_of
from mailrelay.queue.operations import Insert, Operation, Places, QueueDatabase, Then, Work
from mailrelay.queue.postgresql import OneDatabase, PostgresQueue
from mailrelay.queue.rows import row_of
from mailrelay.queue.sqlite_file import QueueFile
from mailrelay.queue.store import QueueStore
from mailrelay.queue.tables import microseconds
from tests.support.postgres import postgres_server
from whoisproxy.storage.engine import open_engine

_OCTETS = 4096
_CHUNK = 5000
_WORKER = "bench"
_DAY_US = 86_400_000_000


class Key:
    """AES-256-GCM, as whoisproxy seals."""

    def __init__(self) -> None:
        self._key = AESGCM(b"k" * 32)
        self._nonces: list[bytes] = []

    def seal(self, plaintext: bytes) -> bytes:
        """Seal octets."""
        if not self._nonces:
            random = os.urandom(12 * 256)
            self._nonces = [random[start : start + 12] for start in range(0, len(random), 12)]
        nonce = self._nonces.pop()
        return nonce + self._key.encrypt(nonce, plaintext, b"message:owner")

    def open(self, sealed: bytes) -> bytes:
        """Open them."""
        return self._key.decrypt(sealed[:12], sealed[12:], b"message:owner")


class Cipher:
    """One key for all."""

    def __init__(self) -> None:
        self._key = Key()

    async def key(self, owner_id: str) -> Key:
        """Return it."""
        del owner_id
        return self._key


class Recorder:
    """Has every message delivered at once."""

    def __init__(self, store: QueueStore, expected: int) -> None:
        self._store = store
        self._left = expected
        self.done = asyncio.Event()

    async def deliver(self, message: QueuedMessage) -> None:
        """Record that the next server has taken it."""
        self._store.sent(message.id)
        assert await self._store.delivered(_WORKER, message.id)
        self._left -= 1
        if not self._left:
            self.done.set()

    async def close(self) -> None:
        """Close nothing."""


class OneFileEach(QueueFile):
    """The peer on SQLite: a commit for each change."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._turn = asyncio.Lock()

    async def ask(self, operation: Operation, then: Then | None = None) -> Any:
        """Carry out one operation in a transaction of its own."""
        return await _alone(self._turn, partial(self._perform, None), operation, then)


class OneStatementEach(PostgresQueue):
    """The peer on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._turn = asyncio.Lock()

    async def ask(self, operation: Operation, then: Then | None = None) -> Any:
        """Carry out one operation in a transaction of its own."""
        if isinstance(operation, Work):
            return await super().ask(operation)
        return await _alone(self._turn, partial(self._perform, None), operation, then)


async def _alone(turn: asyncio.Lock, perform: Any, operation: Operation, then: Then | None) -> Any:
    async with turn:
        [answer] = await perform([operation])
    if then is not None:
        then(answer)
    return answer


class OnePlace(OneDatabase):
    """All messages in one database, whichever it is."""

    def __init__(self, database: QueueDatabase) -> None:
        super().__init__(database)  # type: ignore[arg-type]

    async def listen(self, wake: Any) -> None:
        """Hear nothing: there is nobody else."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What is in the queue before."""

    deferred: int
    finished: int


@dataclass(frozen=True, slots=True)
class Place:
    """An engine that is measured."""

    name: str
    site: QueueSite
    server: int | None

    def places(self, *, grouped: bool) -> Places:
        """Return where messages are, with commits gathered or one by one."""
        if grouped:
            return places_of(self.site)
        if self.server is None:
            return OnePlace(OneFileEach(self.site.stem.with_name(f"{self.site.stem.name}-0.sqlite3")))
        return OnePlace(OneStatementEach(self.site.engine))

    def cpu_s(self) -> float:
        """Return the CPU seconds of this process and of the server."""
        times = os.times()
        return times.user + times.system + (cpu_s(self.server) if self.server else 0.0)


def letter(raw: bytes) -> NewMessage:
    """Return a letter as the relay takes it."""
    return NewMessage(
        direction=Direction.FORWARD,
        owner_id="owner",
        relay_id=f"relay_{os.urandom(10).hex()}",
        recipient="7h2k9mmq4rtvwxyz0123@relay.example",
        reverse_path="ada.buyer@offers.example",
        raw=raw,
        size_octets=len(raw),
        authentication="mx.relay.example; spf=pass smtp.mailfrom=offers.example; dkim=pass",
        proven=True,
        thread_ids=(f"<{os.urandom(8).hex()}@offers.example>",),
    )


async def fill(places: Places, filling: Filling) -> None:
    """Put into the queue what is there before, without its price being measured."""
    key, raw, now = Key(), os.urandom(100), datetime.now(UTC)
    at = microseconds(now)
    for state, count in ((State.DEFERRED, filling.deferred), (State.DELIVERED, filling.finished)):
        for start in range(0, count, _CHUNK):
            rows = [
                row_of(new_message_id(now), letter(raw), state, at, key)
                for _ in range(min(_CHUNK, count - start))
            ]
            later = [replace(row, values=(*row.values[:17], at + _DAY_US, *row.values[18:])) for row in rows]
            await places.own.ask(Insert(tuple(later), announced=False))


async def measure(place: Place, filling: Filling, parallel: int, messages: int, *, grouped: bool) -> Any:
    """Return one row of the table."""
    places = place.places(grouped=grouped)
    store = QueueStore(places, Cipher(), lambda: datetime.now(UTC), slot=0, journals=place.site.stem)
    recorder, stop = Recorder(store, messages + 1), asyncio.Event()
    worker = DeliveryWorker(
        store=store,
        deliverer=recorder,  # type: ignore[arg-type]
        worker_id=_WORKER,
        concurrency=parallel,
    )
    working = asyncio.create_task(worker.run(stop))
    await store.enqueue([letter(b"wakes the worker")])
    letters = iter([letter(os.urandom(_OCTETS)) for _ in range(messages)])

    async def session() -> None:
        for one in letters:
            await store.enqueue([one])

    cpu, began = place.cpu_s(), time.perf_counter()
    await asyncio.gather(*(session() for _ in range(parallel)))
    await recorder.done.wait()
    took, used = time.perf_counter() - began, place.cpu_s() - cpu
    stop.set()
    await working
    await store.close()
    return {
        "engine": place.name,
        "commits": "gathered" if grouped else "one by one",
        "deferred": filling.deferred,
        "finished": filling.finished,
        "parallel": parallel,
        "messages/s": round(messages / took),
        "CPU ms/message": round(used / messages * 1000, 3),
    }


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[str, str, int | None]]:
    """Give name and address of the engine, and the process of its server."""
    yield "SQLite", f"sqlite:///{folder / 'main.sqlite3'}", None


@contextmanager
def postgresql(_: Path) -> Iterator[tuple[str, str, int | None]]:
    """Give name and address of the engine, and the process of its server, which is as durable as usual."""
    with postgres_server(durable=True) as server:
        pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
        yield "PostgreSQL", server.url(server.new_database()), pid


_ENGINES = {"sqlite": sqlite, "postgresql": postgresql}


@asynccontextmanager
async def opened(name: str, url: str, server: int | None, folder: Path) -> AsyncIterator[Place]:
    """Open an engine."""
    engine = open_engine(url)
    try:
        yield Place(name, QueueSite(engine, folder / "mail"), server)
    finally:
        await engine.dispose()


async def measure_all(
    name: str, url: str, server: int | None, fillings: Sequence[Filling], messages: int
) -> list[dict[str, object]]:
    """Return the rows of an engine; what one filling has is filled up for the next."""
    rows, before = [], Filling(0, 0)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(name, url, server, Path(folder)) as place:
            for filling in fillings:
                places = place.places(grouped=True)
                more = Filling(filling.deferred - before.deferred, filling.finished - before.finished)
                await fill(places, more)
                await places.close()
                before = filling
                for parallel in (1, 20, 100):
                    for grouped in (True, False):
                        count = messages if grouped and parallel > 1 else messages // 5
                        rows.append(await measure(place, filling, parallel, count, grouped=grouped))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--engine", choices=sorted(_ENGINES), help="only this one")
    parser.add_argument("--full", action="store_true", help="also with 1,000,000 finished messages")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    fillings = [Filling(0, 0), Filling(100_000, 0)]
    if options.full:
        fillings.append(Filling(100_000, 1_000_000))
    rows: list[dict[str, object]] = []
    for engine in [_ENGINES[options.engine]] if options.engine else _ENGINES.values():
        with tempfile.TemporaryDirectory() as folder, engine(Path(folder)) as (name, url, server):
            rows += uvloop.run(measure_all(name, url, server, fillings, options.messages))
    report("mail queue", rows)


if __name__ == "__main__":
    main()
