"""Exports of owners' data; the file is sealed under the account's key and goes with it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from whoisproxy.domain.export import Export, ExportState
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import owner_exports as exports

# Whatever is looked at, the file is not.
_FACTS = select(*(column for column in exports.c if column is not exports.c.content))


class OwnerExports:
    """One row for each export, until it expires."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, export: Export) -> None:
        """Store one that is to be made."""
        await self._connection.execute(
            insert(exports).values(
                id=export.id,
                account_id=export.account_id,
                state=export.state,
                created_at=export.created_at,
                expires_at=export.expires_at,
                size_octets=export.size_octets,
            )
        )

    async def get(self, export_id: str) -> Export | None:
        """Return an export, whosever it is: for who makes it."""
        row = (await self._connection.execute(_FACTS.where(exports.c.id == export_id))).one_or_none()
        return None if row is None else _export(row)

    async def of_account(self, account_id: str) -> list[Export]:
        """Return the exports of an owner, the newest first."""
        query = _FACTS.where(exports.c.account_id == account_id).order_by(exports.c.id.desc())
        return [_export(row) for row in (await self._connection.execute(query)).all()]

    async def fill(self, export: Export, content: bytes) -> bool:
        """Store the file of an export that is to be made; False where that is gone, or has one."""
        sealed = await self._sealing.seal(export.account_id, _purpose(export.id), content)
        filled = {"state": ExportState.READY, "size_octets": len(content), "content": sealed}
        return await self._ended(export.id, filled)

    async def fail(self, export_id: str) -> bool:
        """Write down that an export cannot be made; False where it was, or is gone."""
        return await self._ended(export_id, {"state": ExportState.FAILED})

    async def content(self, account_id: str, export_id: str, now: datetime) -> bytes | None:
        """Return the file of an owner's export; None where he has none of that id, or no more."""
        query = select(exports.c.content).where(
            exports.c.id == export_id,
            exports.c.account_id == account_id,
            exports.c.state == ExportState.READY,
            exports.c.expires_at > now,
        )
        sealed = (await self._connection.execute(query)).scalar_one_or_none()
        if sealed is None:
            return None
        return await self._sealing.open(account_id, _purpose(export_id), sealed)

    async def purge(self, now: datetime) -> None:
        """Delete what has expired."""
        await self._connection.execute(delete(exports).where(exports.c.expires_at <= now))

    async def _ended(self, export_id: str, values: dict[str, Any]) -> bool:
        pending = (exports.c.id == export_id, exports.c.state == ExportState.PENDING)
        return (await self._connection.execute(update(exports).where(*pending).values(**values))).rowcount > 0


def _export(row: Row[Any]) -> Export:
    return Export(
        row.id, row.account_id, ExportState(row.state), row.created_at, row.expires_at, row.size_octets
    )


def _purpose(export_id: str) -> str:
    return f"owner-export:{export_id}"
