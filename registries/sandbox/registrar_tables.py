"""What the registry keeps for its registrars in SQLite: accounts, poll messages, the journal of commands."""

import hashlib
import hmac
import secrets
import sqlite3
from datetime import datetime

from registries.sandbox.records import JournalEntry, PollMessage, Sighting


class AccountTable:
    """The registrars' accounts; passwords are kept as scrypt hashes (RFC 7914)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # scrypt is slow on purpose; a session that logs in again with the same password need not pay twice.
        self._key = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}

    def ensure(self, account: str, password: str) -> None:
        """Open an account unless there is one; the password of an old account stays as it is."""
        if self.exists(account):
            return
        salt = secrets.token_bytes(16)
        self._connection.execute(
            "INSERT INTO accounts (id, salt, password_hash) VALUES (?, ?, ?)",
            (account, salt, _hash(password, salt)),
        )

    def set_password(self, account: str, password: str) -> None:
        """Replace an account's password."""
        salt = secrets.token_bytes(16)
        self._connection.execute(
            "UPDATE accounts SET salt = ?, password_hash = ? WHERE id = ?",
            (salt, _hash(password, salt), account),
        )

    def authenticate(self, account: str, password: str) -> bool:
        """Return whether there is such an account with that password."""
        row = self._connection.execute("SELECT * FROM accounts WHERE id = ?", (account,)).fetchone()
        # An unknown account costs the same time as a wrong password.
        salt, known = (b"", b"") if row is None else (row["salt"], row["password_hash"])
        seen = hmac.digest(self._key, salt + known + password.encode(), "sha256")
        if hmac.compare_digest(seen, self._verified.get(account, b"")):
            return True
        right = hmac.compare_digest(_hash(password, salt), known)
        if right:
            self._verified[account] = seen
        return right

    def exists(self, account: str) -> bool:
        """Return whether there is such an account."""
        found = self._connection.execute("SELECT 1 FROM accounts WHERE id = ?", (account,)).fetchone()
        return found is not None


class PollQueue:
    """Messages for the accounts, oldest first (RFC 5730 2.9.2.3)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, account: str, text: str, at: datetime, data: bytes | None = None) -> None:
        """Queue a message; `data` is the XML that goes with it in resData."""
        self._connection.execute(
            "INSERT INTO messages (account, queued_at, text, data) VALUES (?, ?, ?, ?)",
            (account, at.isoformat(), text, data),
        )

    def first(self, account: str) -> PollMessage | None:
        """Return the message that an account should read next."""
        row = self._connection.execute(
            "SELECT *, (SELECT count(*) FROM messages WHERE account = :account) AS waiting FROM messages"
            " WHERE account = :account ORDER BY number LIMIT 1",
            {"account": account},
        ).fetchone()
        if row is None:
            return None
        queued_at = datetime.fromisoformat(row["queued_at"])
        return PollMessage(str(row["number"]), queued_at, row["text"], row["waiting"], row["data"])

    def waiting(self, account: str) -> int:
        """Return how many messages wait for an account."""
        row = self._connection.execute(
            "SELECT count(*) FROM messages WHERE account = ?", (account,)
        ).fetchone()
        return int(row[0])

    def remove(self, account: str, message_id: str) -> bool:
        """Drop a message of this account; returns whether there was one."""
        found = self._connection.execute(
            "DELETE FROM messages WHERE account = ? AND CAST(number AS TEXT) = ?", (account, message_id)
        )
        return found.rowcount > 0


class Journal:
    """Every command with its result code, in the order of the decisions, and what the public saw after it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, entry: JournalEntry) -> int:
        """Append an entry and return its sequence number, which is given here."""
        added = self._connection.execute(
            "INSERT INTO journal (at, account, command, object_id, client_transaction, server_transaction,"
            " code) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING sequence",
            (
                entry.at.isoformat(),
                entry.account,
                entry.command,
                entry.object_id,
                entry.client_transaction,
                entry.server_transaction,
                entry.code,
            ),
        )
        sequence: int = added.fetchone()[0]
        return sequence

    def mark_changed(self, sequence: int) -> None:
        """Put down that a command changed something."""
        self._connection.execute("INSERT INTO changes (sequence) VALUES (?)", (sequence,))

    def saw(self, sequence: int, domain: str, text: str) -> None:
        """Put down what the public directory shows of a domain after a command."""
        self._connection.execute(
            "INSERT INTO sightings (sequence, domain, text) VALUES (?, ?, ?)", (sequence, domain, text)
        )

    def index_client_transactions(self) -> None:
        """Make `knows` fast; only who asks pays for the index."""
        self._connection.execute(
            "CREATE INDEX IF NOT EXISTS journal_by_client_transaction ON journal (client_transaction)"
        )

    def knows(self, client_transaction: str) -> bool:
        """Return whether any client ever used this clTRID."""
        found = self._connection.execute(
            "SELECT 1 FROM journal WHERE client_transaction = ? LIMIT 1", (client_transaction,)
        ).fetchone()
        return found is not None

    def after(self, sequence: int) -> tuple[JournalEntry, ...]:
        """Return the entries that follow a sequence number; 0 for all."""
        rows = self._connection.execute(
            "SELECT journal.*, changes.sequence IS NOT NULL AS changed FROM journal"
            " LEFT JOIN changes USING (sequence) WHERE journal.sequence > ? ORDER BY journal.sequence",
            (sequence,),
        )
        return tuple(_entry(row) for row in rows)

    def sightings(self, after: int) -> tuple[Sighting, ...]:
        """Return what was seen since a sequence number, in order; 0 for all."""
        rows = self._connection.execute(
            "SELECT sequence, at, domain, text FROM sightings JOIN journal USING (sequence)"
            " WHERE sequence > ? ORDER BY sequence, domain",
            (after,),
        )
        return tuple(
            Sighting(row["sequence"], datetime.fromisoformat(row["at"]), row["domain"], row["text"])
            for row in rows
        )


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1)


def _entry(row: sqlite3.Row) -> JournalEntry:
    values = dict(row)
    at, changed = datetime.fromisoformat(values["at"]), bool(values["changed"])
    return JournalEntry(**{**values, "at": at, "changed": changed})
