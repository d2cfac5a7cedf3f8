"""The queue files of one installation: a file for each slot, all of them in one folder.

A process puts its messages into the file of its slot. Files of slots that no process has any more, because
there were more processes once, are emptied by those there are.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mailrelay.queue.ids import SLOTS, slot_of
from mailrelay.queue.operations import QueueDatabase
from mailrelay.queue.sqlite_file import QueueFile

_FIRST = 0
"""Slot of what has an id that was made before ids named slots."""


class QueueFiles:
    """Implements `Places` on files.

    Args:
        stem: Path of the files without `-<slot>.sqlite3`.
        slot: The slot of this process.
        processes: How many processes deliver: this one empties those slots that are equal to its own modulo
            their number.
    """

    def __init__(self, stem: Path, slot: int, processes: int) -> None:
        if not 0 <= slot < SLOTS:
            raise ValueError(f"a slot is one of 0 to {SLOTS - 1}")
        self._stem = stem
        self._slot = slot
        self._processes = processes
        self._open: dict[int, QueueFile] = {}

    @property
    def own(self) -> QueueDatabase:
        """The file of this process."""
        return self._file(self._slot)

    @property
    def first(self) -> QueueDatabase:
        """The file of the first slot."""
        return self._file(_FIRST)

    def of_id(self, message_id: str) -> Iterator[QueueDatabase]:
        """Return the file that an id names, and the one that older ids are in."""
        slot = slot_of(message_id)
        if slot is not None and self._exists(slot):
            yield self._file(slot)
        # Reached only where the message is not in the former.
        if slot not in {None, _FIRST} and self._exists(_FIRST):
            yield self.first

    def to_deliver_from(self) -> Sequence[QueueDatabase]:
        """Return the files that this process empties."""
        others = (slot for slot in range(SLOTS) if slot != self._slot and self._exists(slot))
        mine = [slot for slot in others if slot % self._processes == self._slot % self._processes]
        return [self.own, *(self._file(slot) for slot in mine)]

    def all(self) -> Sequence[QueueDatabase]:
        """Return every file there is."""
        return [self._file(slot) for slot in range(SLOTS) if self._exists(slot)]

    async def listen(self, wake: Callable[[], None]) -> None:
        """Wait for ever: what others do to a file is found by the next look."""
        del wake
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Close every file."""
        for file in self._open.values():
            await file.close()

    def _exists(self, slot: int) -> bool:
        return slot in self._open or self._path(slot).exists()

    def _file(self, slot: int) -> QueueFile:
        if slot not in self._open:
            self._open[slot] = QueueFile(self._path(slot))
        return self._open[slot]

    def _path(self, slot: int) -> Path:
        return self._stem.with_name(f"{self._stem.name}-{slot}.sqlite3")
