"""Whatever is written is told and noted by the database itself, and no migration can lose that."""

from contextlib import suppress
from datetime import datetime

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text

from tests.whoisproxy.storage.values import HOUR, NOW, hold_domain, registration
from whoisproxy.domain.privacy import initial
from whoisproxy.storage import tables
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.triggers import drop_triggers, make_triggers
from whoisproxy.storage.unit_of_work import Storage

_HIDE = "UPDATE privacy SET wanted = true, published = true"
# What is written, past all services, while the domain is hidden.
NOTED = {
    "no longer wanted": "UPDATE privacy SET wanted = false",
    "no longer published": "UPDATE privacy SET published = false",
    "another state": "UPDATE privacy SET state = 'failed'",
    "another operation": "UPDATE privacy SET operation_id = 'op_2'",
    "gone": "DELETE FROM privacy",
    "domain gone": "DELETE FROM domains",
}
# One trigger of each kind.
MISSING = {"told": "published_privacy_update", "noted": "publication_privacy_update"}
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


@pytest.fixture
async def held(storage: Storage) -> Storage:
    """A storage with one domain, whose privacy is off."""
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.privacy.put("dom_1", initial(NOW))
    return storage


async def write(storage: Storage, statement: str) -> None:
    async with storage.unit_of_work() as unit:
        await unit.connection.execute(text(statement))


async def noted(storage: Storage) -> dict[str, datetime]:
    """Return what is noted, and forget it."""
    async with storage.unit_of_work() as unit:
        changes = await unit.publication_watch.changes(10)
        await unit.publication_watch.planned(changes)
        return changes


async def triggers(storage: Storage) -> set[str]:
    async with storage.unit_of_work() as unit:
        found = await unit.connection.execute(text(_TRIGGERS[storage.engine.dialect.name]))
        return set(found.scalars())


@pytest.mark.parametrize("change", NOTED)
async def test_every_change_of_a_hidden_domain_is_noted(held: Storage, change: str) -> None:
    await write(held, _HIDE)
    assert await noted(held) == {"dom_1": NOW}
    await write(held, NOTED[change])
    assert await noted(held) == {"dom_1": NOW}


async def test_a_domain_that_is_hidden_from_the_first_is_noted(held: Storage) -> None:
    await write(held, "CREATE TABLE kept AS SELECT * FROM privacy")
    await write(held, "DELETE FROM privacy")
    await write(held, "UPDATE kept SET published = true")
    assert await noted(held) == {}
    await write(held, "INSERT INTO privacy SELECT * FROM kept")
    assert await noted(held) == {"dom_1": NOW}


async def test_what_changes_again_is_noted_with_its_last_change(held: Storage) -> None:
    await write(held, _HIDE)
    async with held.unit_of_work() as unit:
        await unit.connection.execute(tables.privacy.update().values(state="failed", updated_at=NOW + HOUR))
    assert await noted(held) == {"dom_1": NOW + HOUR}


async def test_what_the_public_does_not_see_is_not_noted(held: Storage) -> None:
    assert await noted(held) == {}
    await write(held, "UPDATE privacy SET reason = 'asked by phone'")
    with suppress(RuntimeError):
        async with held.unit_of_work() as unit:
            await unit.connection.execute(text(_HIDE))
            raise RuntimeError
    await write(held, "DELETE FROM privacy")
    assert await noted(held) == {}


@pytest.mark.parametrize("kind", MISSING)
async def test_a_trigger_that_is_missing_is_made_at_the_next_start(
    held: Storage, database_url: str, kind: str
) -> None:
    all_of_them = await triggers(held)
    on = " ON privacy" if held.engine.dialect.name == "postgresql" else ""
    await write(held, f"DROP TRIGGER {MISSING[kind]}{on}")
    assert await triggers(held) == all_of_them - {MISSING[kind]}
    await migrate(database_url)
    assert await triggers(held) == all_of_them


async def test_all_are_taken_away_and_made_again(held: Storage) -> None:
    """With their functions, on PostgreSQL: a trigger that changes must not run an earlier one's."""
    all_of_them = await triggers(held)
    async with held.unit_of_work() as unit:
        await unit.connection.run_sync(drop_triggers)
    assert await triggers(held) == set()
    async with held.unit_of_work() as unit:
        await unit.connection.run_sync(make_triggers)
    assert await triggers(held) == all_of_them
    await write(held, _HIDE)
    assert await noted(held) == {"dom_1": NOW}


@pytest.mark.parametrize("table", ["domains", "privacy"])
async def test_a_migration_may_rebuild_a_table_and_need_not_think_of_triggers(
    sqlite_storage: Storage, table: str
) -> None:
    def rebuild(connection: Connection) -> None:
        drop_triggers(connection)
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table(table, recreate="always"):
            pass
        make_triggers(connection)

    await hold_domain(sqlite_storage)
    all_of_them = await triggers(sqlite_storage)
    async with sqlite_storage.unit_of_work() as unit:
        await unit.connection.run_sync(rebuild)
    assert await triggers(sqlite_storage) == all_of_them
    async with sqlite_storage.unit_of_work() as unit:
        await unit.privacy.put("dom_1", initial(NOW))
    async with sqlite_storage.following_changes() as changes:
        changes.poll()
        await write(sqlite_storage, _HIDE)
        assert changes.poll() == {registration().name.a_label}
    assert await noted(sqlite_storage) == {"dom_1": NOW}
