"""Triggers of the database: what must be told or noted whoever writes, an operator's own SQL included.

- **Told**: what RDAP and WHOIS show has changed, for all processes that keep answers (`published_changes`).
- **Noted**: what the public is to see of a domain has changed, for the watch (table `publication_changes`).

SQLite refuses to rebuild a table of which a trigger of another table speaks, and drops the triggers of one
that is rebuilt. So `storage.migrate` takes all away before it migrates, in the same transaction, and makes
them again at the end: migrations need not think of them. A new table whose rows are shown needs a line in
`_ALL`.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from whoisproxy.storage.published_changes import CHANNEL, EVERYTHING


@dataclass(frozen=True, slots=True)
class _Target:
    """What triggers of one kind do with what they select."""

    prefix: str
    sqlite: str
    postgresql: str


_TELL = _Target(
    "published",
    sqlite="INSERT INTO published_changes (name) {selected}",
    postgresql=f"PERFORM pg_notify('{CHANNEL}', changed.name) FROM ({{selected}}) AS changed",
)
_KEEP = (
    "INSERT INTO publication_changes (domain_id, changed_at) {selected}"
    " ON CONFLICT (domain_id) DO UPDATE SET changed_at = excluded.changed_at"
)
_NOTE = _Target("publication", sqlite=_KEEP, postgresql=_KEEP)


@dataclass(frozen=True, slots=True)
class _Trigger:
    """`row` is the one that `selected` takes its values from: NEW or OLD."""

    target: _Target
    table: str
    event: str
    row: str
    selected: str
    when: str = ""

    @property
    def name(self) -> str:
        return f"{self.target.prefix}_{self.table}_{self.event.lower().replace(' ', '_')}"

    def make(self, connection: Connection) -> None:
        postgresql = connection.dialect.name == "postgresql"
        does = self.target.postgresql if postgresql else self.target.sqlite
        does = does.format(selected=self.selected.format(row=self.row))
        action = f"BEGIN {does}; END"
        if postgresql:
            body = f"BEGIN {does}; RETURN NULL; END"
            connection.exec_driver_sql(
                f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
            )
            action = f"EXECUTE FUNCTION {self.name}()"
        when = f" WHEN ({self.when})" if self.when else ""
        connection.exec_driver_sql(
            f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} FOR EACH ROW{when} {action}"
        )

    def drop(self, connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP TRIGGER {self.name} ON {self.table}")
            connection.exec_driver_sql(f"DROP FUNCTION {self.name}()")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {self.name}")


_OWN_NAME = "SELECT {row}.name AS name"
_OF_DOMAIN = "SELECT name FROM domains WHERE id = {row}.domain_id"
_OF_HOLDER = "SELECT name FROM domains WHERE registrant_id = {row}.id"
_OF_KEY = "SELECT name FROM domains WHERE registrant_id = {row}.owner_id"
_EVERY_NAME = f"SELECT '{EVERYTHING}' AS name"
_ITSELF = "VALUES ({row}.domain_id, {row}.updated_at)"

_SWITCHED = " OR ".join(
    f"OLD.{column} <> NEW.{column}" for column in ("state", "wanted", "published", "operation_id")
)

# A data key is destroyed together with what it reads; wrapping it anew shows nothing else.
_ALL = (
    _Trigger(_TELL, "domains", "INSERT", "NEW", _OWN_NAME),
    _Trigger(_TELL, "domains", "UPDATE", "NEW", _OWN_NAME),
    _Trigger(_TELL, "domains", "UPDATE OF name", "OLD", _OWN_NAME),
    _Trigger(_TELL, "domains", "DELETE", "OLD", _OWN_NAME),
    _Trigger(_TELL, "privacy", "INSERT", "NEW", _OF_DOMAIN),
    _Trigger(_TELL, "privacy", "UPDATE", "NEW", _OF_DOMAIN),
    _Trigger(_TELL, "privacy", "DELETE", "OLD", _OF_DOMAIN),
    _Trigger(_TELL, "relay_addresses", "INSERT", "NEW", _OF_DOMAIN),
    _Trigger(_TELL, "relay_addresses", "UPDATE", "NEW", _OF_DOMAIN),
    _Trigger(_TELL, "relay_addresses", "DELETE", "OLD", _OF_DOMAIN),
    _Trigger(_TELL, "registry_contacts", "INSERT", "NEW", _OF_DOMAIN),
    _Trigger(_TELL, "registry_contacts", "UPDATE", "NEW", _OF_DOMAIN),
    _Trigger(_TELL, "registry_contacts", "DELETE", "OLD", _OF_DOMAIN),
    _Trigger(_TELL, "registrants", "UPDATE", "NEW", _OF_HOLDER),
    _Trigger(_TELL, "data_keys", "DELETE", "OLD", _OF_KEY),
    _Trigger(_TELL, "registrars", "INSERT", "NEW", _EVERY_NAME),
    _Trigger(_TELL, "registrars", "UPDATE", "NEW", _EVERY_NAME),
    _Trigger(_TELL, "registrars", "DELETE", "OLD", _EVERY_NAME),
    _Trigger(_NOTE, "privacy", "INSERT", "NEW", _ITSELF, "NEW.wanted OR NEW.published"),
    _Trigger(_NOTE, "privacy", "UPDATE", "NEW", _ITSELF, _SWITCHED),
    _Trigger(_NOTE, "privacy", "DELETE", "OLD", _ITSELF, "OLD.wanted OR OLD.published"),
)

_MADE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    " AND tgrelid IN (SELECT oid FROM pg_class WHERE pg_table_is_visible(oid))",
}


def make_triggers(connection: Connection) -> None:
    """Make the triggers that are not there; the schema is the newest."""
    made = _made(connection)
    for trigger in _ALL:
        if trigger.name not in made:
            trigger.make(connection)


def drop_triggers(connection: Connection) -> None:
    """Take away the triggers that are there."""
    made = _made(connection)
    for trigger in _ALL:
        if trigger.name in made:
            trigger.drop(connection)


def _made(connection: Connection) -> set[str]:
    return set(connection.execute(text(_MADE[connection.dialect.name])).scalars())
