"""Tasks come back the same while they are needed, and forget the registrant when they are not."""

from dataclasses import replace
from datetime import timedelta

from registries.callback.task import TaskState
from tests.whoisproxy.storage.values import (
    HOUR,
    NOW,
    REGISTRAR,
    hold_domain,
    operation,
    registration,
    task,
)
from whoisproxy.storage.unit_of_work import Storage


async def hold_task(storage: Storage) -> None:
    await hold_domain(storage)
    async with storage.unit_of_work() as unit:
        await unit.operations.add(operation())
        await unit.registry_tasks.add(task(), "own_1")


async def test_a_task_comes_back_the_same_by_id_and_by_operation(storage: Storage) -> None:
    await hold_task(storage)
    async with storage.reading() as unit:
        assert await unit.registry_tasks.get("tsk_1") == task()
        assert await unit.registry_tasks.of_operation("opn_1") == task()
        assert await unit.registry_tasks.get("tsk_2") is None
    changed = replace(task(), state=TaskState.APPLIED, answered_at=NOW, looks=3, finding=None, reason="X")
    async with storage.unit_of_work() as unit:
        await unit.registry_tasks.update(changed, "own_1")
        assert await unit.registry_tasks.get("tsk_1") == changed


async def test_a_task_that_has_ended_forgets_its_contacts(storage: Storage) -> None:
    await hold_task(storage)
    done = replace(task(), state=TaskState.DONE)
    async with storage.unit_of_work() as unit:
        await unit.registry_tasks.update(done, "own_1")
        assert await unit.registry_tasks.get("tsk_1") == replace(done, contacts={})
        row = await unit.connection.exec_driver_sql("SELECT sealed FROM registry_tasks")
        assert row.scalar_one() is None


async def test_the_task_of_an_erased_registrant_has_no_contacts(storage: Storage) -> None:
    await hold_task(storage)
    async with storage.unit_of_work() as unit:
        await unit.registrations.update(registration(registrant=registration(2).registrant))
        await unit.registrations.remove("dom_1")
    async with storage.reading() as unit:
        assert await unit.registry_tasks.get("tsk_1") == replace(task(), contacts={})


async def test_a_newer_change_ends_what_is_live_of_the_domain_alone(storage: Storage) -> None:
    await hold_task(storage)
    refused = replace(task(2, TaskState.REFUSED), contacts={})
    elsewhere = replace(task(3), domain_id="dom_2")
    async with storage.unit_of_work() as unit:
        await unit.registry_tasks.add(refused, "own_1")
        await unit.registry_tasks.add(elsewhere, "own_1")
        await unit.registry_tasks.supersede("dom_1", NOW + HOUR)
        states = [each.state for each in await unit.registry_tasks.page(REGISTRAR.id, None, "", 9)]
    assert states == [TaskState.SUPERSEDED, TaskState.REFUSED, TaskState.OPEN]


async def test_what_is_due_is_found_in_order_and_what_has_ended_is_purged(storage: Storage) -> None:
    await hold_task(storage)
    async with storage.unit_of_work() as unit:
        await unit.registry_tasks.add(task(2), "own_1")
        await unit.registry_tasks.add(replace(task(3, TaskState.DONE), contacts={}), "own_1")
        due = unit.registry_tasks.due
        assert await due(NOW, 9) == []
        assert await due(NOW + timedelta(minutes=1), 9) == [("tsk_1", "dom_1")]
        assert await due(NOW + HOUR, 9) == [("tsk_1", "dom_1"), ("tsk_2", "dom_1")]
        assert await due(NOW + HOUR, 1) == [("tsk_1", "dom_1")]
        assert await unit.registry_tasks.purge(NOW) == 0
        assert await unit.registry_tasks.purge(NOW + HOUR) == 1
        assert len(await unit.registry_tasks.page(REGISTRAR.id, TaskState.OPEN, "", 9)) == 2
        assert len(await unit.registry_tasks.page(REGISTRAR.id, None, "tsk_1", 9)) == 1
