"""Which keys of registrars' backends have read which registrants, by day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.storage.tables import registrant_reads as reads
from whoisproxy.storage.tables import registrants


@dataclass(frozen=True, slots=True)
class ReadsOfKey:
    """What a key has read of an owner.

    Attributes:
        registrants: How many of his registrants.
        days: On how many days, of the one that it has read most often.
    """

    key_id: str
    registrants: int
    first_on: date
    last_on: date
    days: int


class RegistrantReads:
    """One row for each registrant and key; it goes with the registrant."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, key_id: str, registrant_ids: Collection[str], day: date) -> None:
        """Write down that a key has read registrants on a day; the same again on that day changes nothing."""
        known = select(registrants.c.id).where(registrants.c.id.in_(sorted(registrant_ids)))
        # A registrant who is erased meanwhile needs no row.
        there = (await self._connection.execute(known.order_by(registrants.c.id))).scalars().all()
        rows = [
            {"registrant_id": each, "key_id": key_id, "first_on": day, "last_on": day, "days": 1}
            for each in there
        ]
        if rows:
            await self._connection.execute(self._upsert(), rows)

    async def of_owner(self, registrar_id: str, owner_index: bytes) -> list[ReadsOfKey]:
        """Return what each key has read of an owner, the latest first."""
        query = (
            select(
                reads.c.key_id,
                func.count(),
                func.min(reads.c.first_on),
                func.max(reads.c.last_on),
                func.max(reads.c.days),
            )
            .join(registrants, registrants.c.id == reads.c.registrant_id)
            .where(registrants.c.registrar_id == registrar_id, registrants.c.email_index == owner_index)
            .group_by(reads.c.key_id)
            .order_by(func.max(reads.c.last_on).desc(), reads.c.key_id)
        )
        return [ReadsOfKey(*row) for row in (await self._connection.execute(query)).all()]

    def _upsert(self) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        new = dialect.insert(reads)
        return new.on_conflict_do_update(
            index_elements=[reads.c.registrant_id, reads.c.key_id],
            set_={"last_on": new.excluded.last_on, "days": reads.c.days + 1},
            where=reads.c.last_on < new.excluded.last_on,
        )
