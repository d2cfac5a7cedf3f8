"""What contacts, domains and hosts have in common in SQLite: sponsor, dates, statuses, authorization."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from registries.sandbox.records import Origin


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """The part of an object that its kind does not matter to; a host's authorization is empty."""

    origin: Origin
    statuses: frozenset[str]
    authorization: str


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def read_origin(row: sqlite3.Row) -> Origin:
    """Return the columns about sponsor, creator, updater and transfer as a value."""
    return Origin(
        row["sponsor"],
        row["creator"],
        datetime.fromisoformat(row["created_at"]),
        row["updater"],
        _moment(row["updated_at"]),
        _moment(row["transferred_at"]),
    )


def write_origin(origin: Origin) -> dict[str, str | None]:
    """Return the columns of an origin; a transfer is written by `hand_over`."""
    return {
        "sponsor": origin.sponsor,
        "creator": origin.creator,
        "created_at": origin.created_at.isoformat(),
        "updater": origin.updater,
        "updated_at": origin.updated_at.isoformat() if origin.updated_at else None,
    }


def read_statuses(row: sqlite3.Row) -> frozenset[str]:
    """Return the statuses that were set."""
    return frozenset(row["statuses"].split())


def write_statuses(statuses: Collection[str]) -> str:
    """Return the column of the statuses."""
    return " ".join(sorted(statuses))


class ObjectTable:
    """The objects of one kind, each by its key; `TABLE` and `KEY` are names in the schema."""

    TABLE: ClassVar[str]
    KEY: ClassVar[str]

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def row(self, key: str) -> sqlite3.Row | None:
        """Return an object's columns."""
        found: sqlite3.Row | None = self._connection.execute(
            f"SELECT * FROM {self.TABLE} WHERE {self.KEY} = ?",  # noqa: S608 - names of our own
            (key,),
        ).fetchone()
        return found

    def head(self, key: str) -> ObjectHead | None:
        """Return what all kinds have, or None when there is no such object."""
        row = self.row(key)
        if row is None:
            return None
        authorization = row["authorization"] if "authorization" in row.keys() else ""  # noqa: SIM118 - values
        return ObjectHead(read_origin(row), read_statuses(row), authorization)

    def set_statuses(self, key: str, statuses: Collection[str]) -> None:
        """Replace an object's statuses."""
        self._set(key, "statuses = ?", write_statuses(statuses))

    def hand_over(self, key: str, sponsor: str, at: datetime) -> None:
        """Give an object to another registrar."""
        self._set(key, "sponsor = ?, transferred_at = ?", sponsor, at.isoformat())

    def remove(self, key: str) -> None:
        """Delete an object; what belongs to it alone goes with it."""
        self._connection.execute(
            f"DELETE FROM {self.TABLE} WHERE {self.KEY} = ?",  # noqa: S608 - names of our own
            (key,),
        )

    def _set(self, key: str, assignments: str, *values: str) -> None:
        self._connection.execute(
            f"UPDATE {self.TABLE} SET {assignments} WHERE {self.KEY} = ?",  # noqa: S608 - names of our own
            (*values, key),
        )
