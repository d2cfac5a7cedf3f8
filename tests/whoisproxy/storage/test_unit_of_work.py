"""A unit of work happens wholly or not at all; readers wait for nobody."""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.whoisproxy.storage.values import NOW, REGISTRAR, hold_domain, registration
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import Storage


class Refused(Exception):
    """Raised inside a unit of work."""


async def fail_after_adding(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        await unit.registrations.add(registration())
        raise Refused


async def test_an_exception_undoes_everything(storage: Storage) -> None:
    with pytest.raises(Refused):
        await fail_after_adding(storage)
    async with storage.reading() as unit:
        assert await unit.registrars.all() == []
        assert await unit.registrations.by_id("dom_1") is None


async def test_a_key_made_in_a_unit_that_failed_is_not_remembered(
    storage: Storage, master_keys: MasterKeys
) -> None:
    """What is sealed later must open after a restart, so under the key that was committed."""
    with pytest.raises(Refused):
        await fail_after_adding(storage)
    await hold_domain(storage)
    async with Storage(storage.engine, master_keys).reading() as unit:
        assert await unit.registrations.by_id("dom_1") == registration()


async def test_a_reader_does_not_wait_for_a_writer_and_sees_what_is_committed(storage: Storage) -> None:
    async with storage.unit_of_work() as writing:
        await writing.registrars.add(REGISTRAR)
        async with asyncio.timeout(10), storage.reading() as unit:
            assert await unit.registrars.all() == []


async def test_nothing_can_be_written_while_reading(storage: Storage) -> None:
    with pytest.raises(DBAPIError):
        async with storage.reading() as unit:
            await unit.registrars.add(REGISTRAR)


async def test_a_unit_of_work_inside_another_is_refused_not_waited_for(sqlite_storage: Storage) -> None:
    async with sqlite_storage.unit_of_work():
        with pytest.raises(RuntimeError, match="nest"):
            async with asyncio.timeout(10), sqlite_storage.unit_of_work():
                pass


async def test_changes_of_one_domain_are_made_one_after_the_other(
    database_url: str, master_keys: MasterKeys
) -> None:
    """What was read stays true until it is written, so that no change is lost."""
    one, two = [await Storage.open(database_url, master_keys) for _ in range(2)]
    await hold_domain(one)

    async def grow(storage: Storage) -> None:
        for _ in range(5):
            async with storage.unit_of_work() as unit:
                found = await unit.registrations.get(REGISTRAR.id, registration().name)
                assert found is not None
                await unit.registrations.update(replace(found, version=found.version + 1))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(grow(one))
        tasks.create_task(grow(two))
    async with one.reading() as unit:
        grown = await unit.registrations.by_id("dom_1")
    await one.close()
    await two.close()
    assert grown is not None
    assert grown.version == 11


async def test_no_event_appears_behind_a_readers_cursor(database_url: str, master_keys: MasterKeys) -> None:
    """Events are numbered before they are committed; a reader must not pass one that comes late."""
    one, two = [await Storage.open(database_url, master_keys) for _ in range(2)]
    async with one.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
    numbered = asyncio.Event()

    async def slow() -> None:
        async with one.unit_of_work() as unit:
            await unit.events.append_all([NewEvent(REGISTRAR.id, "first", "", {})], NOW)
            numbered.set()
            async with one.reading() as other:
                await other.registrars.all()

    async def quick() -> None:
        await numbered.wait()
        async with two.unit_of_work() as unit:
            await unit.events.append_all([NewEvent(REGISTRAR.id, "second", "", {})], NOW)
        async with two.reading() as unit:
            seen.extend(event.type for event in await unit.events.after(REGISTRAR.id, 0, 10))

    seen: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(slow())
        tasks.create_task(quick())
    await one.close()
    await two.close()
    assert seen == ["first", "second"]


async def test_a_time_without_zone_is_refused(storage: Storage) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(Exception, match="zone"):
        async with storage.unit_of_work() as unit:
            await unit.registrars.add(replace(REGISTRAR, created_at=naive))


async def test_a_database_that_does_not_answer_leaves_nothing_open(
    tmp_path: Path, master_keys: MasterKeys
) -> None:
    with pytest.raises(OSError, match="No such file"):
        await Storage.open(f"postgresql://postgres@/none?host={tmp_path}", master_keys)


async def test_an_error_of_the_database_shows_no_values(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
    with pytest.raises(DBAPIError) as caught:
        async with storage.unit_of_work() as unit:
            await unit.registrars.add(replace(REGISTRAR, id="rar_2", url="https://secret.example/token"))
    assert "secret.example" not in str(caught.value)


async def test_the_database_file_is_for_its_owner_only(tmp_path: Path, master_keys: MasterKeys) -> None:
    file = tmp_path / "var" / "new.sqlite3"
    await migrate(f"sqlite:///{file}")
    storage = await Storage.open(f"sqlite:///{file}", master_keys)
    await storage.close()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


async def test_a_reader_sees_one_moment_whatever_is_committed_meanwhile(storage: Storage) -> None:
    """A registrant from before a switch must not meet the privacy from after it."""
    await hold_domain(storage)
    async with storage.reading() as unit:
        known = await unit.registrations.by_id("dom_1")
        async with storage.unit_of_work() as writing:
            await writing.registrations.remove("dom_1")
        assert known is not None
        assert await unit.registrations.by_id("dom_1") == known


async def test_processes_that_start_at_once_on_a_new_database_all_start(
    database_url: str, master_keys: MasterKeys
) -> None:
    opened = await asyncio.gather(*(Storage.open(database_url, master_keys) for _ in range(6)))
    for each in opened:
        await each.close()
