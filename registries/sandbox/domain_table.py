"""Domains, their contacts and their name servers in SQLite."""

import json
import sqlite3
from dataclasses import astuple
from datetime import datetime
from typing import ClassVar

from registries.contact import Role
from registries.sandbox.object_table import (
    ObjectTable,
    read_origin,
    read_statuses,
    write_origin,
    write_statuses,
)
from registries.sandbox.records import DomainRecord
from registries.sandbox.values import DsData, Nameserver


class DomainTable(ObjectTable):
    """The domain objects, by name; the contacts of a deleted one stay."""

    TABLE: ClassVar[str] = "domains"
    KEY: ClassVar[str] = "name"

    def get(self, name: str) -> DomainRecord | None:
        """Return a domain with its contacts and name servers, each in the order they were given."""
        row = self.row(name)
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
            statuses=read_statuses(row),
            nameservers=tuple(_nameserver(found) for found in nameservers),
            contacts=tuple((Role(found["role"]), found["handle"]) for found in contacts),
            ds=tuple(DsData(*values) for values in json.loads(row["ds"])),
        )

    def add(self, record: DomainRecord) -> None:
        """Store a new domain; its roid is given here."""
        self._connection.execute(
            "INSERT INTO domains (name, sponsor, creator, created_at, updater, updated_at, authorization,"
            " statuses, expires_at, ds) VALUES (:name, :sponsor, :creator, :created_at, :updater,"
            " :updated_at, :authorization, :statuses, :expires_at, :ds)",
            _write(record),
        )
        self._write_parts(record)

    def update(self, record: DomainRecord) -> None:
        """Replace a domain's data."""
        self._connection.execute(
            "UPDATE domains SET updater = :updater, updated_at = :updated_at,"
            " authorization = :authorization, statuses = :statuses, expires_at = :expires_at, ds = :ds"
            " WHERE name = :name",
            _write(record),
        )
        self._connection.execute("DELETE FROM domain_contacts WHERE domain = ?", (record.name,))
        self._connection.execute("DELETE FROM nameservers WHERE domain = ?", (record.name,))
        self._write_parts(record)

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


def _write(record: DomainRecord) -> dict[str, str | None]:
    return {
        "name": record.name,
        **write_origin(record.origin),
        "authorization": record.authorization,
        "statuses": write_statuses(record.statuses),
        "expires_at": record.expires_at.isoformat(),
        "ds": json.dumps([astuple(found) for found in record.ds]),
    }


def _nameserver(row: sqlite3.Row) -> Nameserver:
    if row["addresses"] is None:
        return Nameserver(row["host"])
    return Nameserver(row["host"], tuple((family, text) for family, text in json.loads(row["addresses"])))
