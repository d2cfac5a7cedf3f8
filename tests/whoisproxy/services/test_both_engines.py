"""What depends on locks of the database, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from tests.whoisproxy.services.world import RDDS_ONLY, SPEC, SUBSTITUTED, make_world, renamed
from whoisproxy.domain.operation import OperationState
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.storage.unit_of_work import Storage


async def test_switches_at_the_same_time_leave_one_pending_operation(storage: Storage) -> None:
    world = await make_world(storage)
    await world.register(SUBSTITUTED)
    views = await asyncio.gather(
        *(world.enable(SUBSTITUTED) if turn % 2 else world.disable(SUBSTITUTED) for turn in range(8))
    )
    operations = {view.operation.id for view in views if view.operation}
    ended = [await world.operations.get(world.registrar, each) for each in operations]
    pending = [each for each in ended if each.state is OperationState.PENDING]
    view = await world.status(SUBSTITUTED)
    assert [each.id for each in pending] == [view.privacy.operation_id]
    await world.work()
    assert (await world.status(SUBSTITUTED)).operation is None


async def test_a_whole_life_ends_where_it_began(storage: Storage) -> None:
    world = await make_world(storage)
    assert (await world.hidden(RDDS_ONLY)).privacy.status.state is PrivacyState.ENABLED
    relay_id = await _relay_id(storage)
    first, second = await asyncio.gather(
        world.directory.reply_address(relay_id, "ada@offers.example"),
        world.directory.reply_address(relay_id, "ada@offers.example"),
    )
    assert first == second
    await world.disable(RDDS_ONLY)
    await world.work()
    assert await world.shows_registrant(RDDS_ONLY)
    await world.registrations.delete(world.registrar, RDDS_ONLY)
    assert await world.lookup.domain(RDDS_ONLY) is None


@pytest.mark.parametrize("fields", [("name",), ("name", "email")], ids=["renamed", "another holder"])
async def test_of_changes_at_the_same_time_the_last_one_stays(
    storage: Storage, fields: tuple[str, ...]
) -> None:
    """A change that waited for another must not work on the registrant from before it."""
    world = await make_world(storage)
    await world.register(SUBSTITUTED)
    specs = [renamed(**dict.fromkeys(fields, f"ann{turn % 3}@home.example")) for turn in range(12)]
    changed = await asyncio.gather(*(world.register(SUBSTITUTED, spec) for spec in specs))
    stored = await world.registrations.get(world.registrar, SUBSTITUTED)
    assert stored in changed
    assert {each.registrant for each in changed if each.version == stored.version} == {stored.registrant}


async def test_a_domain_told_of_twice_at_the_same_time_is_added_once(storage: Storage) -> None:
    """Its own registrar is never told that another has it."""
    world = await make_world(storage)
    told = await asyncio.gather(
        *(world.registrations.put(world.registrar, SUBSTITUTED, SPEC) for _ in range(6))
    )
    assert [new for _, new in told].count(True) == 1
    assert len({registration.id for registration, _ in told}) == 1


async def _relay_id(storage: Storage) -> str:
    async with storage.reading() as uow:
        registration = await uow.registrations.by_name(RDDS_ONLY)
        assert registration is not None
        return (await uow.relays.of_domain(registration.id))[0].id
