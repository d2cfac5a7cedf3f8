"""Writes down which keys of registrars' backends have read registrants: before the answer leaves, once a day.

A key that reads a registrant a thousand times a day costs one write. What was written down today is
remembered, so that all other reads stay reads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from whoisproxy.services.settings import Clock
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_MOST_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class _Read:
    key_id: str
    registrant_ids: frozenset[str]
    day: date


class RegistrantReads:
    """Notes reads.

    Args:
        storage: The database.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._clock = clock
        self._day = clock().date()
        self._noted: set[tuple[str, str]] = set()
        self._reads = Gathering(storage.unit_of_work, _note_all)

    async def note(self, key_id: str, registrant_ids: Iterable[str]) -> None:
        """Write down that a key reads registrants today, where that is not written down yet."""
        day = self._clock().date()
        if day != self._day or len(self._noted) > _MOST_REMEMBERED:
            self._day = day
            self._noted.clear()
        new = frozenset(each for each in registrant_ids if (key_id, each) not in self._noted)
        if new:
            await self._reads.ask(_Read(key_id, new, day))
            if day == self._day:
                self._noted.update((key_id, each) for each in new)


async def _note_all(uow: UnitOfWork, reads: Sequence[_Read]) -> list[None]:
    # In one order, so that nobody waits for one who waits for him.
    for one in sorted(reads, key=lambda read: read.key_id):
        await uow.registrant_reads.note(one.key_id, one.registrant_ids, one.day)
    return [None for _ in reads]
