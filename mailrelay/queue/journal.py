"""The journal of a worker: which messages the next server has taken, written before that is committed.

One line for each message, appended without waiting for the disk: a killed process loses nothing of it,
a machine that loses its power may. A message is delivered twice where we die between the answer of the next
server and our record of it; of that time the journal leaves the moment before the line is written.

The file is locked as long as its worker lives. Whoever gets the lock of another's file knows that its worker
is dead, and settles what it left.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from glob import escape
from pathlib import Path
from typing import Self

from mailrelay.queue.ids import slot_of

_SUFFIX = ".journal"
_FRESH = ".fresh"
_LONGEST_OCTETS = 1 << 20
_MODE = 0o600


class WorkerExists(Exception):
    """Another worker of the same id is alive; give this one an id of its own."""


class Journal:
    """The journal of a living worker.

    Attributes:
        worker_id: The worker.
        unrecorded: Ids of messages that were sent and whose record is not committed yet.
    """

    def __init__(self, path: Path, worker_id: str, descriptor: int) -> None:
        self.worker_id = worker_id
        self.unrecorded: set[str] = set()
        self._path = path
        self._descriptor = descriptor
        self._octets = 0

    @classmethod
    def open(cls, stem: Path, worker_id: str) -> Self:
        """Begin a journal.

        Args:
            stem: Path of the files without `.<worker id>.journal`.
            worker_id: Unique among living workers.

        Raises:
            WorkerExists: The worker id is taken.
            OSError: The file cannot be made.
        """
        path = stem.with_name(f"{stem.name}.{worker_id}{_SUFFIX}")
        descriptor = _locked(path, os.O_CREAT)
        if descriptor is None:
            raise WorkerExists(worker_id)
        return cls(path, worker_id, descriptor)

    def sent(self, message_id: str) -> None:
        """Write that the next server has taken a message.

        Raises:
            OSError: It cannot be written; the message counts as sent in this process all the same.
        """
        self.unrecorded.add(message_id)
        self._octets += os.write(self._descriptor, f"{message_id}\n".encode())

    def recorded(self, message_id: str) -> None:
        """Take back a line, since what it says is committed."""
        self.unrecorded.discard(message_id)
        if self._octets > _LONGEST_OCTETS:
            self._shorten()

    def close(self) -> None:
        """End the journal; the file goes where nothing in it is open."""
        if not self.unrecorded:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _shorten(self) -> None:
        """Leave only what is not recorded yet, by way of a second file, so that no moment lacks a line."""
        fresh = self._path.with_suffix(_FRESH)
        descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_RDWR, _MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._octets = os.write(descriptor, "".join(f"{one}\n" for one in self.unrecorded).encode())
        fresh.rename(self._path)
        os.close(self._descriptor)
        self._descriptor = descriptor


class DeadWorker:
    """What a worker left that is alive no more; its lock is held until `forget` or `leave`."""

    def __init__(self, path: Path, worker_id: str, descriptor: int) -> None:
        self.worker_id = worker_id
        self.sent = frozenset(_ids(descriptor))
        self._path = path
        self._descriptor = descriptor

    def forget(self) -> None:
        """Delete its journal: everything in it is settled."""
        self._path.with_suffix(_FRESH).unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def leave(self) -> None:
        """Leave its journal for the next who looks."""
        os.close(self._descriptor)


def dead_workers(stem: Path) -> Iterator[DeadWorker]:
    """Return the workers whose journal is there and not locked."""
    for path in sorted(stem.parent.glob(f"{escape(stem.name)}.*{_SUFFIX}")):
        if (descriptor := _locked(path)) is not None:
            worker_id = path.name.removeprefix(f"{stem.name}.").removesuffix(_SUFFIX)
            yield DeadWorker(path, worker_id, descriptor)


def _locked(path: Path, flags: int = 0) -> int | None:
    """Return the file, locked by us and still in its place; None where another has it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | flags, _MODE)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    # Whoever settled it before us has deleted it in the meantime.
    if os.fstat(descriptor).st_nlink == 0:
        os.close(descriptor)
        return _locked(path, flags) if flags else None
    return descriptor


def _ids(descriptor: int) -> Iterable[str]:
    """Return the ids of a journal; the last line may be cut short."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        for line in file:
            message_id = line.decode("ascii", "replace").rstrip("\n")
            if slot_of(message_id) is not None:
                yield message_id
