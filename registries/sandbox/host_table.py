"""Host objects in SQLite, with the domains that are delegated to them."""

import json
import sqlite3
from typing import ClassVar

from registries.sandbox.object_table import (
    ObjectTable,
    read_origin,
    read_statuses,
    write_origin,
    write_statuses,
)
from registries.sandbox.records import HostRecord


class HostTable(ObjectTable):
    """The host objects, by name."""

    TABLE: ClassVar[str] = "hosts"
    KEY: ClassVar[str] = "name"

    def get(self, name: str) -> HostRecord | None:
        """Return a host."""
        row = self.row(name)
        return None if row is None else _read(row)

    def add(self, record: HostRecord) -> None:
        """Store a new host; its roid is given here."""
        self._connection.execute(
            "INSERT INTO hosts (name, sponsor, creator, created_at, updater, updated_at, addresses, statuses)"
            " VALUES (:name, :sponsor, :creator, :created_at, :updater, :updated_at, :addresses, :statuses)",
            _write(record),
        )

    def update(self, record: HostRecord, *, name: str) -> None:
        """Replace the data of the host that is called `name` until now; delegations follow a new name."""
        self._connection.execute(
            "UPDATE hosts SET name = :name, updater = :updater, updated_at = :updated_at,"
            " addresses = :addresses, statuses = :statuses WHERE name = :old",
            {**_write(record), "old": name},
        )
        if record.name != name:
            self._connection.execute("UPDATE nameservers SET host = ? WHERE host = ?", (record.name, name))

    def below(self, domain: str) -> tuple[str, ...]:
        """Return the names of the hosts that lie in a domain."""
        rows = self._connection.execute(
            "SELECT name FROM hosts WHERE name = :domain"
            " OR substr(name, -length(:domain) - 1) = '.' || :domain ORDER BY name",
            {"domain": domain},
        )
        return tuple(row["name"] for row in rows)

    def users(self, name: str) -> tuple[str, ...]:
        """Return the domains that are delegated to a host object."""
        rows = self._connection.execute(
            "SELECT domain FROM nameservers WHERE host = ? AND addresses IS NULL ORDER BY domain", (name,)
        )
        return tuple(row["domain"] for row in rows)


def _write(record: HostRecord) -> dict[str, str | None]:
    return {
        "name": record.name,
        **write_origin(record.origin),
        "addresses": json.dumps(record.addresses),
        "statuses": write_statuses(record.statuses),
    }


def _read(row: sqlite3.Row) -> HostRecord:
    return HostRecord(
        name=row["name"],
        roid=f"H{row['number']}-SANDBOX",
        origin=read_origin(row),
        addresses=tuple((family, text) for family, text in json.loads(row["addresses"])),
        statuses=read_statuses(row),
    )
