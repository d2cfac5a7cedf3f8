"""Every change of what RDAP and WHOIS show is told to all processes, by triggers of the database itself.

So no way of writing can forget it, an operator's own SQL included. On SQLite a trigger appends the domain's
name to a table that readers follow (`change_log`); on PostgreSQL it notifies those who listen
(`change_listener`). A name is told with the commit that changed it, or not at all.

SQLite refuses to rebuild a table of which a trigger of another table speaks. So `storage.migrate` takes all
triggers away before it migrates, in the same transaction, and makes them again at the end: migrations need
not think of them. A new table whose rows are shown needs a line in `_SOURCES`.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection

EVERYTHING = "*"
"""Told in place of a name: any domain may look different now."""

CHANNEL = "whoisproxy_published"
"""Of PostgreSQL's notifications; the payload is a name or `EVERYTHING`."""

# On SQLite only. Numbers have no gaps, so that a reader sees when rows that it has not read are gone.
metadata = MetaData()
Table(
    "published_changes",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    sqlite_autoincrement=True,
)

_PREFIX = "published_"
_KEPT = 10_000
_BATCH = 20_000

_OWN = "SELECT {row}.name AS name"
_OF_DOMAIN = "SELECT name FROM domains WHERE id = {row}.domain_id"
_OF_HOLDER = "SELECT name FROM domains WHERE registrant_id = {row}.{key}"
_ALL = f"SELECT '{EVERYTHING}' AS name"

# Table, event, row, and the names that it concerns. A data key is destroyed together with what it reads;
# wrapping it anew shows nothing else.
_SOURCES = (
    ("domains", "INSERT", "NEW", _OWN),
    ("domains", "UPDATE", "NEW", _OWN),
    ("domains", "UPDATE OF name", "OLD", _OWN),
    ("domains", "DELETE", "OLD", _OWN),
    ("privacy", "INSERT", "NEW", _OF_DOMAIN),
    ("privacy", "UPDATE", "NEW", _OF_DOMAIN),
    ("privacy", "DELETE", "OLD", _OF_DOMAIN),
    ("relay_addresses", "INSERT", "NEW", _OF_DOMAIN),
    ("relay_addresses", "UPDATE", "NEW", _OF_DOMAIN),
    ("relay_addresses", "DELETE", "OLD", _OF_DOMAIN),
    ("registrants", "UPDATE", "NEW", _OF_HOLDER.replace("{key}", "id")),
    ("data_keys", "DELETE", "OLD", _OF_HOLDER.replace("{key}", "owner_id")),
    ("registrars", "INSERT", "NEW", _ALL),
    ("registrars", "UPDATE", "NEW", _ALL),
    ("registrars", "DELETE", "OLD", _ALL),
)


@dataclass(frozen=True, slots=True)
class _Trigger:
    name: str
    table: str
    event: str
    names: str

    def make(self, connection: Connection) -> None:
        statements = self._postgresql() if connection.dialect.name == "postgresql" else self._sqlite()
        for statement in statements:
            connection.exec_driver_sql(statement)

    def drop(self, connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP TRIGGER {self.name} ON {self.table}")
            connection.exec_driver_sql(f"DROP FUNCTION {self.name}()")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {self.name}")

    def _sqlite(self) -> list[str]:
        append = f"INSERT INTO published_changes (name) {self.names}"
        return [f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} BEGIN {append}; END"]

    def _postgresql(self) -> list[str]:
        notify = f"PERFORM pg_notify('{CHANNEL}', changed.name) FROM ({self.names}) AS changed"
        body = f"BEGIN {notify}; RETURN NULL; END"
        when = f"AFTER {self.event} ON {self.table} FOR EACH ROW"
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
            f"CREATE TRIGGER {self.name} {when} EXECUTE FUNCTION {self.name}()",
        ]


_TRIGGERS = {
    trigger.name: trigger
    for trigger in (
        _Trigger(f"{_PREFIX}{table}_{event.lower().replace(' ', '_')}", table, event, names.format(row=row))
        for table, event, row, names in _SOURCES
    )
}

_MADE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    " AND tgrelid IN (SELECT oid FROM pg_class WHERE pg_table_is_visible(oid))",
}


def make_triggers(connection: Connection) -> None:
    """Make the triggers that are not there; the schema is the newest."""
    made = _made(connection)
    for name, trigger in _TRIGGERS.items():
        if name not in made:
            trigger.make(connection)


def drop_triggers(connection: Connection) -> None:
    """Take away the triggers that are there."""
    for name in _made(connection) & _TRIGGERS.keys():
        _TRIGGERS[name].drop(connection)


def _made(connection: Connection) -> set[str]:
    return set(connection.execute(text(_MADE[connection.dialect.name])).scalars())


_PURGE = text(
    "DELETE FROM published_changes WHERE number <= min("
    " (SELECT max(number) FROM published_changes) - :kept,"
    " (SELECT min(number) FROM published_changes) + :batch - 1)"
)


async def purge_changes(connection: AsyncConnection) -> bool:
    """Delete changes that hardly a reader of SQLite is still behind; return whether there may be more.

    Who is behind all the same sees the gap, and takes it for a change of everything.
    """
    done = await connection.execute(_PURGE, {"kept": _KEPT, "batch": _BATCH})
    return done.rowcount >= _BATCH
