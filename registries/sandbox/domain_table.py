"""Domains, their contacts and name servers, and host objects in SQLite."""

import json
import sqlite3
from datetime import datetime

from registries.contact import Role
from registries.sandbox.commands import Nameserver
from registries.sandbox.contact_table import read_origin, write_origin
from registries.sandbox.records import DomainRecord, HostRecord, Origin


class DomainTable:
    """The domain objects, by name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> DomainRecord | None:
        """Return a domain with its contacts and name servers, each in the order they were given."""
        row = self._connection.execute("SELECT * FROM domains WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        contacts = self._connection.execute(
            "SELECT role, handle FROM domain_contacts WHERE domain = ? ORDER BY rowid", (name,)
        )
        nameservers = self._connection.execute(
            "SELECT host, addresses FROM nameservers WHERE domain = ? ORDER BY rowid", (name,)
        )
        return DomainRecord(
            name=name,
            roid=f"D{row['number']}-SANDBOX",
            origin=read_origin(row),
            expires_at=datetime.fromisoformat(row["expires_at"]),
            authorization=row["authorization"],
            statuses=frozenset(row["statuses"].split()),
            nameservers=tuple(_nameserver(found) for found in nameservers),
            contacts=tuple((Role(found["role"]), found["handle"]) for found in contacts),
        )

    def add(self, record: DomainRecord) -> None:
        """Store a new domain; its roid is given here."""
        self._connection.execute(
            "INSERT INTO domains (name, sponsor, creator, created_at, updater, updated_at, authorization,"
            " statuses, expires_at) VALUES (:name, :sponsor, :creator, :created_at, :updater, :updated_at,"
            " :authorization, :statuses, :expires_at)",
            _write(record),
        )
        self._write_parts(record)

    def update(self, record: DomainRecord) -> None:
        """Replace a domain's data."""
        self._connection.execute(
            "UPDATE domains SET sponsor = :sponsor, updater = :updater, updated_at = :updated_at,"
            " authorization = :authorization, statuses = :statuses, expires_at = :expires_at"
            " WHERE name = :name",
            _write(record),
        )
        self._connection.execute("DELETE FROM domain_contacts WHERE domain = ?", (record.name,))
        self._connection.execute("DELETE FROM nameservers WHERE domain = ?", (record.name,))
        self._write_parts(record)

    def remove(self, name: str) -> None:
        """Delete a domain; its contacts stay."""
        self._connection.execute("DELETE FROM domains WHERE name = ?", (name,))

    def with_contact(self, handle: str) -> tuple[str, ...]:
        """Return the names of the domains that use a contact in any role."""
        rows = self._connection.execute(
            "SELECT DISTINCT domain FROM domain_contacts WHERE handle = ? ORDER BY domain", (handle,)
        )
        return tuple(row["domain"] for row in rows)

    def _write_parts(self, record: DomainRecord) -> None:
        self._connection.executemany(
            "INSERT INTO domain_contacts (domain, role, handle) VALUES (?, ?, ?)",
            [(record.name, role.value, handle) for role, handle in record.contacts],
        )
        self._connection.executemany(
            "INSERT INTO nameservers (domain, host, addresses) VALUES (?, ?, ?)",
            [
                (record.name, host.name, None if host.addresses is None else json.dumps(host.addresses))
                for host in record.nameservers
            ],
        )


class HostTable:
    """The host objects, by name; they come into being when a domain first names them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> HostRecord | None:
        """Return a host."""
        row = self._connection.execute("SELECT * FROM hosts WHERE name = ?", (name,)).fetchone()
        return None if row is None else HostRecord(name, f"H{row['number']}-SANDBOX", read_origin(row))

    def ensure(self, name: str, origin: Origin) -> None:
        """Store a host unless there is one of that name."""
        self._connection.execute(
            "INSERT INTO hosts (name, sponsor, creator, created_at) VALUES (:name, :sponsor, :creator,"
            " :created_at) ON CONFLICT (name) DO NOTHING",
            {"name": name, **write_origin(origin)},
        )

    def below(self, domain: str) -> tuple[str, ...]:
        """Return the names of the hosts that lie in a domain."""
        rows = self._connection.execute(
            "SELECT name FROM hosts WHERE name = :domain"
            " OR substr(name, -length(:domain) - 1) = '.' || :domain ORDER BY name",
            {"domain": domain},
        )
        return tuple(row["name"] for row in rows)

    def users(self, name: str) -> tuple[str, ...]:
        """Return the domains that are delegated to a host."""
        rows = self._connection.execute(
            "SELECT domain FROM nameservers WHERE host = ? ORDER BY domain", (name,)
        )
        return tuple(row["domain"] for row in rows)

    def remove(self, name: str) -> None:
        """Delete a host."""
        self._connection.execute("DELETE FROM hosts WHERE name = ?", (name,))


def _write(record: DomainRecord) -> dict[str, str | None]:
    return {
        "name": record.name,
        **write_origin(record.origin),
        "authorization": record.authorization,
        "statuses": " ".join(sorted(record.statuses)),
        "expires_at": record.expires_at.isoformat(),
    }


def _nameserver(row: sqlite3.Row) -> Nameserver:
    if row["addresses"] is None:
        return Nameserver(row["host"])
    return Nameserver(row["host"], tuple((family, text) for family, text in json.loads(row["addresses"])))
