"""Who has read a registrant is known by key, from the first day to the last."""

import asyncio
from datetime import date

from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, SUBSTITUTED, make_world
from whoisproxy.services.owners.registrant_reads import RegistrantReads
from whoisproxy.storage.repositories.registrant_reads import ReadsOfKey
from whoisproxy.storage.unit_of_work import Storage


async def test_days_are_counted_and_not_reads(storage: Storage) -> None:
    world = await make_world(storage)
    first, second = [await world.register(name) for name in (RDDS_ONLY, SUBSTITUTED)]
    reads = RegistrantReads(storage, world.clock)
    both = [first.registrant_id, second.registrant_id]
    for day in range(3):
        await asyncio.gather(*(reads.note("key_1", both) for _ in range(4)))
        # Another process, which does not know what this one has written down.
        await RegistrantReads(storage, world.clock).note("key_1", [first.registrant_id])
        await reads.note("key_2", both[: day // 2])
        world.clock.pass_by(days=1)
    async with storage.reading() as uow:
        owner = await uow.owner_accounts.index(REGISTRANT.email)
        found = await uow.registrant_reads.of_owner(world.registrar.id, owner)
    assert found == [
        ReadsOfKey("key_1", 2, date(2026, 11, 24), date(2026, 11, 26), 3),
        ReadsOfKey("key_2", 1, date(2026, 11, 26), date(2026, 11, 26), 1),
    ]


async def test_a_registrant_who_is_gone_needs_no_row_and_takes_his_along(storage: Storage) -> None:
    world = await make_world(storage)
    known = await world.register(RDDS_ONLY)
    reads = RegistrantReads(storage, world.clock)
    await reads.note("key_1", [known.registrant_id, "own_none"])
    async with storage.reading() as uow:
        owner = await uow.owner_accounts.index(REGISTRANT.email)
        assert len(await uow.registrant_reads.of_owner(world.registrar.id, owner)) == 1
    await world.registrations.delete(world.registrar, RDDS_ONLY)
    await world.register(RDDS_ONLY)
    async with storage.reading() as uow:
        assert await uow.registrant_reads.of_owner(world.registrar.id, owner) == []
