"""How much is taken of what is said about spam, of one teacher and about one sender; not of the operator."""

from dataclasses import dataclass
from datetime import timedelta

from whoisproxy.storage.repositories.learning import LessonNote
from whoisproxy.storage.unit_of_work import UnitOfWork

ANSWER = "answer"
"""Kind of note that a message was answered; the others are labels."""

_LESSONS = ("ham", "spam")
_DAY, _MONTH = timedelta(days=1), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many notes of some kinds are taken in a time.

    Attributes:
        whose: The column of the note that is counted by.
    """

    whose: str
    kinds: tuple[str, ...]
    most: int
    within: timedelta


LIMITS = (
    Limit("teacher", _LESSONS, 5, _DAY),
    Limit("teacher", _LESSONS, 20, _MONTH),
    Limit("sender", _LESSONS, 10, _DAY),
)

CONFIRMATIONS = Limit("teacher", ("ham", ANSWER), 5, _MONTH)
"""Beyond it what a teacher confirms moves no threshold."""


async def too_many(uow: UnitOfWork, note: LessonNote) -> bool:
    """Return whether one more note would break a limit."""
    for limit in LIMITS:
        if note.kind in limit.kinds and await _count(uow, limit, note) >= limit.most:
            return True
    return False


async def moves_thresholds(uow: UnitOfWork, note: LessonNote) -> bool:
    """Return whether a note that is written down is within what moves thresholds."""
    return note.kind in CONFIRMATIONS.kinds and await _count(uow, CONFIRMATIONS, note) <= CONFIRMATIONS.most


async def _count(uow: UnitOfWork, limit: Limit, note: LessonNote) -> int:
    whose: bytes = getattr(note, limit.whose)
    return await uow.learning.count(limit.kinds, note.taught_at - limit.within, **{limit.whose: whose})
