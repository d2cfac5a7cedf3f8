"""Contacts in SQLite; what a client sends as data is one JSON text, since nothing searches in it."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from registries.sandbox.commands import Address, Phone, PostalInfo
from registries.sandbox.records import ContactRecord, Origin


def read_origin(row: sqlite3.Row) -> Origin:
    """Return the columns about sponsor, creator and updater as a value."""
    updated_at = row["updated_at"]
    return Origin(
        row["sponsor"],
        row["creator"],
        datetime.fromisoformat(row["created_at"]),
        row["updater"],
        datetime.fromisoformat(updated_at) if updated_at else None,
    )


def write_origin(origin: Origin) -> dict[str, str | None]:
    """Return the columns of an origin."""
    return {
        "sponsor": origin.sponsor,
        "creator": origin.creator,
        "created_at": origin.created_at.isoformat(),
        "updater": origin.updater,
        "updated_at": origin.updated_at.isoformat() if origin.updated_at else None,
    }


class ContactTable:
    """The contact objects, by handle."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, handle: str) -> ContactRecord | None:
        """Return a contact."""
        row = self._connection.execute("SELECT * FROM contacts WHERE handle = ?", (handle,)).fetchone()
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
            "UPDATE contacts SET sponsor = :sponsor, updater = :updater, updated_at = :updated_at,"
            " authorization = :authorization, statuses = :statuses, body = :body WHERE handle = :handle",
            _write(record),
        )

    def remove(self, handle: str) -> None:
        """Delete a contact that no domain uses."""
        self._connection.execute("DELETE FROM contacts WHERE handle = ?", (handle,))

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
        "statuses": " ".join(sorted(record.statuses)),
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
        statuses=frozenset(row["statuses"].split()),
        disclosure=body["disclosure"],
    )


def _postal(body: Mapping[str, Any]) -> PostalInfo:
    address = dict(body["address"])
    address["street"] = tuple(address["street"])
    return PostalInfo(body["kind"], body["name"], body["organization"], Address(**address))
