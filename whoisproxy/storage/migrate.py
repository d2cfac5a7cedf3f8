"""Bring a database to the newest schema (Alembic), from the package, without an ini file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from whoisproxy.storage.engine import open_engine
from whoisproxy.storage.triggers import drop_triggers, make_triggers

_LOCK = 0x77686F6973  # any number that no other advisory lock of ours has


async def migrate(url: str, revision: str = "head") -> None:
    """Apply every migration that is missing, in one transaction; safe to call at every start.

    Raises:
        ValueError: The URL names no engine that we know.
        sqlalchemy.exc.SQLAlchemyError: The database refuses; nothing was changed.
    """
    engine = open_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, revision)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        # Several processes may start at once: the others wait here and find nothing left to do.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    newest = ScriptDirectory.from_config(config).get_current_head()
    if _revision(connection) != newest:
        drop_triggers(connection)
        command.upgrade(config, revision)
    if _revision(connection) == newest:
        make_triggers(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
