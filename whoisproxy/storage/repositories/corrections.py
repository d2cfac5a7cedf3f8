"""Corrections that owners ask for; what they want changed is sealed under their account's key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from whoisproxy.domain.correction import Correction, CorrectionState
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import corrections

_PURPOSE = "correction"


class Corrections:
    """One row for each; it goes with its owner's account, or some time after its end."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, correction: Correction) -> None:
        """Store a new correction."""
        await self._connection.execute(
            insert(corrections).values(
                id=correction.id,
                registrar_id=correction.registrar_id,
                account_id=correction.account_id,
                registrant_ids=list(correction.registrant_ids),
                created_at=correction.created_at,
                **await self._changeable(correction),
            )
        )

    async def update(self, correction: Correction) -> None:
        """Store what became of one."""
        same = corrections.c.id == correction.id
        changed = await self._changeable(correction)
        await self._connection.execute(update(corrections).where(same).values(**changed))

    async def get(self, registrar_id: str, correction_id: str) -> Correction | None:
        """Return a correction that a registrar was asked for; locked where the unit of work writes."""
        return await self._one(corrections.c.registrar_id == registrar_id, corrections.c.id == correction_id)

    async def of_id(self, account_id: str, correction_id: str) -> Correction | None:
        """Return a correction of an owner; locked where the unit of work writes."""
        return await self._one(corrections.c.account_id == account_id, corrections.c.id == correction_id)

    async def of_account(self, account_id: str, limit: int) -> list[Correction]:
        """Return up to `limit` corrections of an owner, the newest first."""
        query = select(corrections).where(corrections.c.account_id == account_id)
        newest = query.order_by(corrections.c.id.desc()).limit(limit)
        return await self._opened((await self._connection.execute(newest)).all())

    async def open_of_account(self, account_id: str) -> list[Correction]:
        """Return the corrections of an owner that are to be decided, the oldest first."""
        is_open = corrections.c.state == CorrectionState.OPEN
        query = select(corrections).where(corrections.c.account_id == account_id, is_open)
        return await self._opened((await self._connection.execute(query.order_by(corrections.c.id))).all())

    async def count_since(self, account_id: str, since: datetime) -> int:
        """Return how many corrections an owner has asked for since a time."""
        recent = (corrections.c.account_id == account_id, corrections.c.created_at > since)
        query = select(func.count()).select_from(corrections).where(*recent)
        return (await self._connection.execute(query)).scalar_one()

    async def page(
        self, registrar_id: str, state: CorrectionState | None, after: str, limit: int
    ) -> list[Correction]:
        """Return up to `limit` corrections that a registrar was asked for, oldest first, from behind `after`.

        Args:
            registrar_id: Who was asked.
            state: Those in this state alone; None for all.
            after: The last id seen.
            limit: See above.
        """
        states = [state] if state else list(CorrectionState)
        query = select(corrections).where(
            corrections.c.registrar_id == registrar_id,
            corrections.c.state.in_(states),
            corrections.c.id > after,
        )
        rows = (await self._connection.execute(query.order_by(corrections.c.id).limit(limit))).all()
        return await self._opened(rows)

    async def purge(self, before: datetime) -> None:
        """Forget corrections that ended before a time."""
        await self._connection.execute(delete(corrections).where(corrections.c.ended_at < before))

    async def _one(self, *which: ColumnElement[bool]) -> Correction | None:
        query = select(corrections).where(*which)
        if not self._sealing.read_only:
            query = query.with_for_update()
        found = await self._opened((await self._connection.execute(query)).all())
        return found[0] if found else None

    async def _changeable(self, correction: Correction) -> dict[str, object]:
        value = {"changes": dict(correction.changes), "reason": correction.reason}
        sealed = await self._sealing.seal_json(correction.account_id, _purpose(correction.id), value)
        return {"state": correction.state, "ended_at": correction.ended_at, "sealed": sealed}

    async def _opened(self, rows: Sequence[Row[Any]]) -> list[Correction]:
        await self._sealing.fetch_keys({row.account_id for row in rows})
        return [await self._correction(row) for row in rows]

    async def _correction(self, row: Row[Any]) -> Correction:
        value: Any = await self._sealing.open_json(row.account_id, _purpose(row.id), row.sealed)
        return Correction(
            row.id,
            row.registrar_id,
            row.account_id,
            tuple(row.registrant_ids),
            value["changes"],
            row.created_at,
            CorrectionState(row.state),
            row.ended_at,
            value["reason"],
        )


def _purpose(correction_id: str) -> str:
    return f"{_PURPOSE}:{correction_id}"
