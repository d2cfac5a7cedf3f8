"""Whatever changes what the public sees is told to all who follow, with its commit, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import text

from tests.support.postgres import PostgresServer
from tests.whoisproxy.storage.values import NOW, hold_domain, registration, relay
from whoisproxy.domain.privacy import initial
from whoisproxy.storage.change_listener import ChangeListener
from whoisproxy.storage.change_log import ChangeLog
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.published_changes import EVERYTHING, purge_changes
from whoisproxy.storage.unit_of_work import Storage

NAME = registration().name.a_label

_CONTACT = (
    "INSERT INTO registry_contacts"
    " (account, handle, domain_id, domain, role, made, operation_id, state, tries, created_at)"
    " VALUES ('acc', 'H-1', 'dom_1', 'x', 'registrant', true, '', 'used', 0, CURRENT_TIMESTAMP)"
)
# What is written, past all services -> what is told.
CHANGES = {
    "domain": ("UPDATE domains SET version = 2 WHERE id = 'dom_1'", NAME),
    "domain renamed": ("UPDATE domains SET name = 'other.com' WHERE id = 'dom_1'", NAME),
    "domain gone": ("DELETE FROM domains WHERE id = 'dom_1'", NAME),
    "privacy": ("UPDATE privacy SET wanted = true WHERE domain_id = 'dom_1'", NAME),
    "privacy gone": ("DELETE FROM privacy WHERE domain_id = 'dom_1'", NAME),
    "relay address": ("UPDATE relay_addresses SET state = 'retired' WHERE id = 'rel_1'", NAME),
    "relay address gone": ("DELETE FROM relay_addresses WHERE id = 'rel_1'", NAME),
    "registrant": ("UPDATE registrants SET email_index = sealed WHERE id = 'own_1'", NAME),
    "registrant erased": ("DELETE FROM data_keys WHERE owner_id = 'own_1'", NAME),
    "contact at the registry": (_CONTACT, NAME),
    "brand": ("UPDATE registrars SET url = 'https://new.example' WHERE id = 'rar_1'", EVERYTHING),
}

Following = ChangeLog | ChangeListener


@asynccontextmanager
async def following(storage: Storage) -> AsyncIterator[Following]:
    """Follow, and know all that has happened so far."""
    async with storage.following_changes() as changes:
        await told(changes)
        yield changes


async def told(changes: Following, *awaited: str) -> set[str]:
    """Return what is told, at least the names that are awaited."""
    names: set[str] = set()
    async with asyncio.timeout(60):
        while True:
            more = changes.poll()
            names |= set(more or ())
            if more is not None and set(awaited) <= names:
                return names
            await asyncio.sleep(0.002)


async def lost(changes: Following) -> None:
    """Wait until nothing is known."""
    async with asyncio.timeout(60):
        while True:
            if changes.poll() is None:
                return
            await asyncio.sleep(0.002)


async def write(storage: Storage, statement: str) -> None:
    async with storage.unit_of_work() as unit:
        await unit.connection.execute(text(statement))


@pytest.fixture
async def held(storage: Storage) -> Storage:
    """A storage with one domain and all that belongs to it."""
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.privacy.put("dom_1", initial(NOW))
        await unit.relays.add(relay())
    return storage


@pytest.mark.parametrize("change", CHANGES)
async def test_every_change_is_told(held: Storage, change: str) -> None:
    statement, name = CHANGES[change]
    async with following(held) as changes:
        await write(held, statement)
        assert name in await told(changes, name)


async def test_what_is_added_is_told(storage: Storage) -> None:
    async with following(storage) as changes:
        await hold_domain(storage)
        assert await told(changes, NAME, EVERYTHING) == {NAME, EVERYTHING}
        async with storage.unit_of_work() as unit:
            await unit.privacy.put("dom_1", initial(NOW))
        assert await told(changes, NAME) == {NAME}


async def test_what_is_rolled_back_or_not_shown_is_not_told(held: Storage) -> None:
    async with following(held) as changes:
        with suppress(RuntimeError):
            async with held.unit_of_work() as unit:
                await unit.connection.execute(text("UPDATE domains SET version = 2"))
                raise RuntimeError
        await write(held, "DELETE FROM outbox")
        await write(held, CHANGES["brand"][0])
        assert await told(changes, EVERYTHING) == {EVERYTHING}


async def test_on_sqlite_nothing_is_told_later_than_its_commit(sqlite_storage: Storage) -> None:
    await hold_domain(sqlite_storage)
    async with following(sqlite_storage) as changes:
        for _ in range(50):
            await write(sqlite_storage, "UPDATE domains SET version = version + 1")
            assert changes.poll() == {NAME}
            assert changes.poll() == ()


async def test_changes_that_were_deleted_unread_count_as_a_change_of_everything(
    sqlite_storage: Storage,
) -> None:
    await hold_domain(sqlite_storage)
    async with following(sqlite_storage) as changes:
        await write(sqlite_storage, "UPDATE domains SET version = 2")
        await write(sqlite_storage, "UPDATE domains SET version = 3")
        await write(
            sqlite_storage,
            "DELETE FROM published_changes WHERE number < (SELECT max(number) FROM published_changes)",
        )
        assert changes.poll() == (EVERYTHING,)
        await write(sqlite_storage, "UPDATE domains SET version = 4")
        assert changes.poll() == {NAME}


async def test_too_many_changes_count_as_a_change_of_everything(sqlite_storage: Storage) -> None:
    async with following(sqlite_storage) as changes:
        many = ", ".join(["('many.com')"] * 1001)
        await write(sqlite_storage, f"INSERT INTO published_changes (name) VALUES {many}")  # noqa: S608 - our own
        assert changes.poll() == (EVERYTHING,)


async def test_purging_leaves_what_readers_may_need(sqlite_storage: Storage) -> None:
    many = ", ".join(["('many.com')"] * 10_500)
    await write(sqlite_storage, f"INSERT INTO published_changes (name) VALUES {many}")  # noqa: S608 - our own
    async with following(sqlite_storage) as changes:
        async with sqlite_storage.unit_of_work() as unit:
            assert not await purge_changes(unit.connection)
            left = await unit.connection.execute(text("SELECT count(*) FROM published_changes"))
            assert left.scalar_one() == 10_000
        assert not changes.poll()


async def test_nothing_is_known_while_the_connection_that_listens_is_lost(
    postgres: PostgresServer, master_keys: MasterKeys
) -> None:
    storage = await Storage.open(postgres.url(postgres.new_database()), master_keys)
    await hold_domain(storage)
    async with following(storage) as changes:
        await write(
            storage,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()",
        )
        await lost(changes)
        await write(storage, "UPDATE domains SET version = 2")
        assert EVERYTHING in await told(changes, EVERYTHING)
    await storage.close()
