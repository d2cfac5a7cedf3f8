"""What waits for a decision in SQLite: transfers, and commands that were answered 1001."""

import sqlite3
from datetime import datetime
from typing import Any

from registries.sandbox.records import PendingRecord, TransferRecord


class TransferTable:
    """The last transfer of each object, open or ended (RFC 5730 2.9.3.4)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, kind: str, object_id: str) -> TransferRecord | None:
        """Return the last transfer of an object."""
        row = self._connection.execute(
            "SELECT * FROM transfers WHERE kind = ? AND object_id = ?", (kind, object_id)
        ).fetchone()
        return None if row is None else _transfer(row)

    def put(self, record: TransferRecord) -> None:
        """Store a transfer in place of an earlier one of the object."""
        self._connection.execute(
            "INSERT OR REPLACE INTO transfers (kind, object_id, status, requester, requested_at, sponsor,"
            " acted_at, months) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.kind,
                record.object_id,
                record.status,
                record.requester,
                record.requested_at.isoformat(),
                record.sponsor,
                record.acted_at.isoformat(),
                record.months,
            ),
        )

    def due(self, now: datetime) -> tuple[TransferRecord, ...]:
        """Return the open transfers whose time to be answered is over."""
        rows = self._connection.execute(
            "SELECT * FROM transfers WHERE status = 'pending' AND acted_at <= ? ORDER BY acted_at",
            (now.isoformat(),),
        )
        return tuple(_transfer(row) for row in rows)

    def forget(self, kind: str, object_id: str) -> None:
        """Drop the transfer of an object that is deleted."""
        self._connection.execute("DELETE FROM transfers WHERE kind = ? AND object_id = ?", (kind, object_id))


class PendingTable:
    """Commands that were answered 1001 and wait to be carried out or refused; one of each object."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, record: PendingRecord) -> None:
        """Store a command that waits."""
        self._connection.execute(
            "INSERT INTO pendings (kind, object_id, action, account, client_transaction, server_transaction,"
            " frame, decide_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.kind,
                record.object_id,
                record.action,
                record.account,
                record.client_transaction,
                record.server_transaction,
                record.frame,
                record.decide_at.isoformat() if record.decide_at else None,
            ),
        )

    def get(self, kind: str, object_id: str) -> PendingRecord | None:
        """Return what waits at an object."""
        row = self._connection.execute(
            "SELECT * FROM pendings WHERE kind = ? AND object_id = ?", (kind, object_id)
        ).fetchone()
        return None if row is None else _pending(row)

    def due(self, now: datetime) -> tuple[PendingRecord, ...]:
        """Return the commands whose time of decision has come, oldest first."""
        rows = self._connection.execute(
            "SELECT * FROM pendings WHERE decide_at <= ? ORDER BY number", (now.isoformat(),)
        )
        return tuple(_pending(row) for row in rows)

    def remove(self, record: PendingRecord) -> None:
        """Drop a command that waits no more."""
        self._connection.execute(
            "DELETE FROM pendings WHERE kind = ? AND object_id = ?", (record.kind, record.object_id)
        )


def _transfer(row: sqlite3.Row) -> TransferRecord:
    values: dict[str, Any] = dict(row)
    for moment in ("requested_at", "acted_at"):
        values[moment] = datetime.fromisoformat(values[moment])
    return TransferRecord(**values)


def _pending(row: sqlite3.Row) -> PendingRecord:
    values: dict[str, Any] = dict(row)
    del values["number"]
    if values["decide_at"] is not None:
        values["decide_at"] = datetime.fromisoformat(values["decide_at"])
    return PendingRecord(**values)
