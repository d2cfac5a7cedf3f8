"""Open the queue of an installation: files beside an SQLite database, or the tables in PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.queue.cipher import BodyCipher
from mailrelay.queue.earlier import move_earlier_mail
from mailrelay.queue.files import QueueFiles
from mailrelay.queue.operations import Places
from mailrelay.queue.postgresql import OneDatabase, PostgresQueue
from mailrelay.queue.store import QueueStore


@dataclass(frozen=True, slots=True)
class QueueSite:
    """Where the queue of an installation is.

    Attributes:
        engine: The main database; on PostgreSQL, its migrations have made the mail tables.
        stem: Path of queue files and journals without `-<slot>.sqlite3` and `.<worker id>.journal`; the
            folder exists.
    """

    engine: AsyncEngine
    stem: Path


@asynccontextmanager
async def open_queue(
    site: QueueSite,
    cipher: BodyCipher,
    clock: Callable[[], datetime],
    *,
    slot: int = 0,
    processes: int = 1,
) -> AsyncIterator[QueueStore]:
    """Open the queue as one process sees it, with the mail that an earlier version left.

    Args:
        site: Where it is.
        cipher: Gives the keys under which messages are sealed.
        clock: Gives aware UTC.
        slot: Number of this process among those that take and deliver mail; 0 for any other.
        processes: How many of those there are.

    Raises:
        QueueUnavailable: It cannot be opened now.
    """
    places = places_of(site, slot, processes)
    store = QueueStore(places, cipher, clock, slot=slot, journals=site.stem)
    try:
        await move_earlier_mail(site.engine, places, cipher)
        yield store
    finally:
        await store.close()


def places_of(site: QueueSite, slot: int = 0, processes: int = 1) -> Places:
    """Return where the messages of an installation are; nothing is opened before it is needed."""
    if site.engine.dialect.name == "postgresql":
        return OneDatabase(PostgresQueue(site.engine))
    return QueueFiles(site.stem, slot, processes)
