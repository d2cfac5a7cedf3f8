"""What is asked of a queue database, as values that can wait for the next transaction, and its errors."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from mailrelay.errors import TemporaryMailError
from mailrelay.queue.entry import State
from mailrelay.queue.rows import Row

AnswerT = TypeVar("AnswerT")


class QueueUnavailable(TemporaryMailError):
    """The queue cannot be written or read now: its disk is full, or its database away. Try later.

    Nothing was taken. By itself it works again as soon as the cause is gone.
    """

    @classmethod
    def disk_full(cls) -> "QueueUnavailable":
        """Return the error for a full disk (RFC 5321 section 4.2.2: insufficient system storage)."""
        return cls(452, "4.3.1", "Insufficient system storage", "disk-full")

    @classmethod
    def away(cls) -> "QueueUnavailable":
        """Return the error for a database that does not work."""
        return cls(451, "4.3.0", "Please try again later", "queue-away")


@dataclass(frozen=True, slots=True)
class Insert:
    """Write new messages; answered with None.

    Attributes:
        rows: The messages.
        announced: Whether other processes are told, where there is a way to: some of them wait for a worker.
    """

    rows: tuple[Row, ...]
    announced: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Write what became of a message that a worker has claimed; answered with its direction, or None.

    None means that the lease was lost, and nothing was written.

    Attributes:
        at: Now, in microseconds.
        next_attempt_at: Likewise.
        event: Line for the trail, with its end.
        done: Whether the body goes.
    """

    id: str
    worker_id: str
    state: State
    error: str
    at: int
    next_attempt_at: int
    event: str
    done: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Anything else, as statements of SQLAlchemy in one transaction; answered with what `run` returns."""

    run: Callable[[Connection], Any]


Operation = Insert | Change | Work
Then = Callable[[Any], None]

PAUSE_S = 0.005
"""From the beginning of one transaction to that of the next.

A commit costs as much as several messages, and a sender does not mind a few milliseconds; the first operation
after a quiet moment does not wait.
"""


def key_of(operation: Operation) -> object:
    """Return what two operations of one transaction must not share."""
    return operation.id if isinstance(operation, Change) else id(operation)


class QueueDatabase(Protocol):
    """A place that holds messages: a queue file, or the tables on PostgreSQL."""

    async def ask(self, operation: Operation, then: Then | None = None) -> Any:
        """Carry out an operation and return its answer once it is durable.

        `then` is called with the answer or the error, even where the asker has gone; not for `Work`.

        Raises:
            QueueUnavailable: The database is away or its disk full; nothing was written.
        """
        ...

    async def read(self, query: Callable[[Connection], AnswerT]) -> AnswerT:
        """Return the answer of a query that changes nothing; waits for no writer.

        Raises:
            QueueUnavailable: The database is away.
        """
        ...

    async def announce(self) -> None:
        """Tell other processes that there is something to deliver, where there is a way to."""
        ...

    async def close(self) -> None:
        """Finish what was asked and close."""
        ...


class Places(Protocol):
    """Where the messages are."""

    @property
    def own(self) -> QueueDatabase:
        """Where this process puts new messages."""
        ...

    @property
    def first(self) -> QueueDatabase:
        """Where messages are whose ids were made before ids named slots."""
        ...

    def of_id(self, message_id: str) -> Iterable[QueueDatabase]:
        """Return where a message may be, likeliest first."""
        ...

    def to_deliver_from(self) -> Sequence[QueueDatabase]:
        """Return what a worker of this process empties, its own first."""
        ...

    def all(self) -> Sequence[QueueDatabase]:
        """Return everything."""
        ...

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` when another process announces something; runs until cancelled."""
        ...

    async def close(self) -> None:
        """Close everything."""
        ...
