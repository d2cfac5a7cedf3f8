"""Contacts in SQLite; what a client sends as data is one JSON text, since nothing searches in it."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from registries.sandbox.object_table import (
    ObjectTable,
    read_origin,
    read_statuses,
    write_origin,
    write_statuses,
)
from registries.sandbox.records import ContactRecord
from registries.sandbox.values import Address, Phone, PostalInfo


class ContactTable(ObjectTable):
    """The contact objects, by handle."""

    TABLE: ClassVar[str] = "contacts"
    KEY: ClassVar[str] = "handle"

    def get(self, handle: str) -> ContactRecord | None:
        """Return a contact."""
        row = self.row(handle)
        return None if row is None else _read(row)

    def add(self, record: ContactRecord) -> None:
        """Store a new contact; its roid is given here."""
        self._connection.execute(
            "INSERT INTO contacts (handle, sponsor, creator, created_at, updater, updated_at,"
            " authorization, statuses, body) VALUES (:handle, :sponsor, :creator, :created_at, :updater,"
            " :updated_at, :authorization, :statuses, :body)",
            _write(record),
        )

    def update(self, record: ContactRecord) -> None:
        """Replace a contact's data."""
        self._connection.execute(
            "UPDATE contacts SET updater = :updater, updated_at = :updated_at,"
            " authorization = :authorization, statuses = :statuses, body = :body WHERE handle = :handle",
            _write(record),
        )

    def unlinked(self) -> tuple[str, ...]:
        """Return the handles of the contacts that no domain uses."""
        rows = self._connection.execute(
            "SELECT handle FROM contacts WHERE handle NOT IN (SELECT handle FROM domain_contacts)"
            " ORDER BY handle"
        )
        return tuple(row["handle"] for row in rows)

    def is_linked(self, handle: str) -> bool:
        """Return whether a domain uses the contact."""
        found = self._connection.execute(
            "SELECT 1 FROM domain_contacts WHERE handle = ? LIMIT 1", (handle,)
        ).fetchone()
        return found is not None


def _write(record: ContactRecord) -> dict[str, str | None]:
    body = {
        "postal": [asdict(postal) for postal in record.postal],
        "voice": asdict(record.voice) if record.voice else None,
        "fax": asdict(record.fax) if record.fax else None,
        "email": record.email,
        "disclosure": dict(record.disclosure),
    }
    return {
        "handle": record.handle,
        **write_origin(record.origin),
        "authorization": record.authorization,
        "statuses": write_statuses(record.statuses),
        "body": json.dumps(body, ensure_ascii=False),
    }


def _read(row: sqlite3.Row) -> ContactRecord:
    body = json.loads(row["body"])
    return ContactRecord(
        handle=row["handle"],
        roid=f"C{row['number']}-SANDBOX",
        origin=read_origin(row),
        postal=tuple(_postal(postal) for postal in body["postal"]),
        voice=Phone(**body["voice"]) if body["voice"] else None,
        fax=Phone(**body["fax"]) if body["fax"] else None,
        email=body["email"],
        authorization=row["authorization"],
        statuses=read_statuses(row),
        disclosure=body["disclosure"],
    )


def _postal(body: Mapping[str, Any]) -> PostalInfo:
    address = dict(body["address"])
    address["street"] = tuple(address["street"])
    return PostalInfo(body["kind"], body["name"], body["organization"], Address(**address))
