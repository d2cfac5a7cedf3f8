"""The owner's log of mail: what the states of the queue are to him, and how messages are counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from mailrelay.queue.entry import Direction, MessageRecord, NoteOfVerdict, State
from mailrelay.queue.log import DayNumber


class Fate(StrEnum):
    """What has become of a message, as far as it is known and no further."""

    ACCEPTED = "accepted"  # durable here, and not delivered yet
    WAITING = "waiting"  # an attempt has failed; there will be another
    HELD = "held"  # waits for its owner's word
    DELIVERED = "delivered"  # the mail server of whom it is for has taken it
    BOUNCED = "bounced"  # it cannot be delivered
    DROPPED = "dropped"  # thrown away, by his word or for its age
    REFUSED = "refused"  # at the door: its sender knows


STATES = {
    Fate.ACCEPTED: (State.QUEUED, State.DELIVERING),
    Fate.WAITING: (State.DEFERRED, State.UNDELIVERABLE, State.PAUSED),
    Fate.HELD: (State.QUARANTINED, State.HELD),
    Fate.DELIVERED: (State.DELIVERED,),
    Fate.BOUNCED: (State.BOUNCED,),
    Fate.DROPPED: (State.DISCARDED,),
    Fate.REFUSED: (State.REJECTED,),
}
FATES = {state: fate for fate, states in STATES.items() for state in states}
BLOCKED = frozenset({Fate.HELD, Fate.DROPPED, Fate.REFUSED})


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a message; `event` is kebab-case words, the first of which names it."""

    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A message in the log.

    Attributes:
        domain: A-label of the owner's.
        other: Name and mailbox of whom it is from, of an answer of whom it is to, in one line; "" where
            nobody was named, or it is not kept any more.
        subject: In one line.
        record: As the queue keeps it.
    """

    domain: str
    other: str = field(repr=False)
    subject: str = field(repr=False)
    record: MessageRecord

    @property
    def id(self) -> str:
        """Queue id."""
        return self.record.id

    @property
    def fate(self) -> Fate:
        """What has become of it."""
        return FATES[self.record.state]

    @property
    def is_answer(self) -> bool:
        """Whether the owner wrote it."""
        return self.record.direction is Direction.REPLY

    @property
    def notes(self) -> tuple[NoteOfVerdict, ...]:
        """What the checks found."""
        return self.record.verdicts

    @property
    def steps(self) -> tuple[Step, ...]:
        """What happened to it, oldest first."""
        lines = [line.split(" ", 1) for line in self.record.trail.splitlines()]
        zone = self.record.received_at.tzinfo
        return tuple([Step(datetime.fromtimestamp(int(at) / 1000, zone), event) for at, event in lines])


@dataclass(frozen=True, slots=True)
class Bar:
    """Mail that was taken or refused in a day or a month, by what has become of it.

    Attributes:
        begins: First day of it.
        relayed: Delivered.
        blocked: Held, thrown away, refused.
        other: On its way, waiting, returned.
    """

    begins: date
    relayed: int = 0
    blocked: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.relayed + self.blocked + self.other


def bars(begins: Iterable[date], numbers: Iterable[DayNumber]) -> tuple[Bar, ...]:
    """Return the bars of a chart.

    Args:
        begins: First days of its days or months, in order.
        numbers: Of days not before the first of them.
    """
    starts = list(begins)
    counts = {start: dict.fromkeys(("relayed", "blocked", "other"), 0) for start in starts}
    for one in numbers:
        day = date.fromordinal(_EPOCH + one.day)
        start = max((each for each in starts if each <= day), default=None)
        if start is not None:
            counts[start][_kind(FATES[one.state])] += one.messages
    return tuple([Bar(start, **counts[start]) for start in starts])


_EPOCH = date(1970, 1, 1).toordinal()


def _kind(fate: Fate) -> str:
    if fate is Fate.DELIVERED:
        return "relayed"
    return "blocked" if fate in BLOCKED else "other"
