"""Messages for the tests of the queue, and a worker that only keeps what it is given."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, QueuedMessage
from mailrelay.queue.store import QueueStore

LEASE = timedelta(minutes=1)
RAW = b"Subject: hello\r\n\r\nsecret text\r\n"


def letter(raw: bytes = RAW, **changes: Any) -> NewMessage:
    """Return a letter of a stranger to an owner."""
    usual = NewMessage(
        direction=Direction.FORWARD,
        owner_id="reg_1",
        relay_id="relay_1",
        recipient="abc@relay.example",
        reverse_path="ada.buyer@offers.example",
        raw=raw,
        size_octets=len(raw),
        verdicts=(NoteOfVerdict("content-score", "tag", "score"),),
        authentication="relay.example; spf=pass smtp.mailfrom=offers.example",
        proven=True,
        thread_ids=("<1@offers.example>",),
        correspondent="ada.buyer@offers.example",
    )
    return replace(usual, **changes)


def report() -> NewMessage:
    """Return a report to the stranger."""
    return NewMessage(Direction.DSN, "reg_1", "relay_1", "ada.buyer@offers.example", "", b"x", 1)


def kill_worker(store: QueueStore) -> None:
    """End the worker of a store as the end of its process does: the lock goes, the journal stays."""
    assert store._journal is not None
    os.close(store._journal._descriptor)
    store._journal = None


class Taker:
    """A worker with room for some messages, which it keeps."""

    def __init__(self, store: QueueStore, worker_id: str = "taker", room: int = 100) -> None:
        self.store = store
        self.worker_id = worker_id
        self.lease_s = LEASE.total_seconds()
        self.room = room
        self.taken: list[QueuedMessage] = []

    def reserve(self, octets: int, priority: int) -> bool:
        del octets, priority
        if not self.room:
            return False
        self.room -= 1
        return True

    def take(self, message: QueuedMessage) -> None:
        self.taken.append(message)

    def cancel(self, octets: int) -> None:
        del octets
        self.room += 1

    async def deliver(self, message: QueuedMessage) -> bool:
        """Have the next server take a message, and record it."""
        self.store.sent(message.id)
        return await self.store.delivered(self.worker_id, message.id)
