"""What depends on locks of the database, on SQLite and on PostgreSQL."""

import asyncio

from tests.whoisproxy.services.world import RDDS_ONLY, SUBSTITUTED, make_world
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


async def _relay_id(storage: Storage) -> str:
    async with storage.reading() as uow:
        registration = await uow.registrations.by_name(RDDS_ONLY)
        assert registration is not None
        return (await uow.relays.of_domain(registration.id))[0].id
