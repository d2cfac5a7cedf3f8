"""What was learned about spam, as one sealed value, and the lessons of late as blind indexes.

The value is sealed although it is sums alone: as long as few have taught, what they taught could be read from
it. It is read, changed and written by one at a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import spam_learning, spam_lessons
from whoisproxy.storage.vault import normalised_mailbox

_NAME = "spam"
_VERSION = select(spam_learning.c.version).where(spam_learning.c.name == _NAME)


@dataclass(frozen=True, slots=True)
class LessonNote:
    """That somebody taught something; none of it can be read without the key of blind indexes.

    Attributes:
        lesson: Of message, teacher and kind together: what says the same again has the same.
        kind: `ham`, `spam`, or `answer`.
    """

    lesson: bytes
    kind: str
    teacher: bytes
    sender: bytes
    taught_at: datetime


class Learning:
    """The value and the notes."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def alone(self) -> None:
        """Wait until nobody else changes what was learned, and keep the others waiting to the end."""
        await in_order(self._connection, "spam-learning")

    async def version(self) -> int:
        """Return a number that grows with each change; 0 where nothing was learned."""
        return (await self._connection.execute(_VERSION)).scalar_one_or_none() or 0

    async def get(self) -> tuple[int, bytes | None]:
        """Return version and value; None where nothing was learned."""
        query = select(spam_learning).where(spam_learning.c.name == _NAME)
        row = (await self._connection.execute(query)).first()
        if row is None:
            return 0, None
        return row.version, await self._sealing.open(SYSTEM, "spam-learning", row.sealed)

    async def put(self, version: int, value: bytes, now: datetime) -> None:
        """Store a value under its version."""
        sealed = await self._sealing.seal(SYSTEM, "spam-learning", value)
        changed = {"version": version, "sealed": sealed, "updated_at": now}
        statement = self._upsert().values(name=_NAME, **changed)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))

    async def teacher(self, mailbox: str) -> bytes:
        """Return the index of whoever reads a mailbox: one teacher, however many domains he has."""
        return await self._sealing.index("teacher", normalised_mailbox(mailbox))

    async def index(self, purpose: str, text: str) -> bytes:
        """Return the blind index of a message, or of its sender."""
        return await self._sealing.index(purpose, text)

    async def knows(self, lesson: bytes) -> bool:
        """Return whether a lesson is written down."""
        query = select(spam_lessons.c.kind).where(spam_lessons.c.lesson == lesson)
        return (await self._connection.execute(query)).first() is not None

    async def note(self, lesson: LessonNote) -> None:
        """Write down a lesson."""
        values = {
            "lesson": lesson.lesson,
            "kind": lesson.kind,
            "teacher": lesson.teacher,
            "sender": lesson.sender,
            "taught_at": lesson.taught_at,
        }
        await self._connection.execute(insert(spam_lessons).values(values))

    async def count(
        self,
        kinds: Iterable[str],
        after: datetime,
        *,
        teacher: bytes | None = None,
        sender: bytes | None = None,
    ) -> int:
        """Return how many lessons there were since a time: of a teacher, about a sender, or of all."""
        query = select(func.count()).select_from(spam_lessons)
        query = query.where(spam_lessons.c.taught_at > after, spam_lessons.c.kind.in_(list(kinds)))
        if teacher is not None:
            query = query.where(spam_lessons.c.teacher == teacher)
        if sender is not None:
            query = query.where(spam_lessons.c.sender == sender)
        return (await self._connection.execute(query)).scalar_one()

    async def teachers(self, after: datetime) -> int:
        """Return how many have taught since a time."""
        query = select(func.count(spam_lessons.c.teacher.distinct())).where(spam_lessons.c.taught_at > after)
        return (await self._connection.execute(query)).scalar_one()

    async def purge(self, before: datetime) -> None:
        """Forget the notes of long ago."""
        await self._connection.execute(delete(spam_lessons).where(spam_lessons.c.taught_at < before))

    async def forget(self, version: int, now: datetime) -> None:
        """Forget all that was learned, and that it was; the version tells it to those who read it."""
        await self.put(version, b"", now)
        await self._connection.execute(delete(spam_lessons))

    def _upsert(self) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return dialect.insert(spam_learning)
