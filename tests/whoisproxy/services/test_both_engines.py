"""What depends on locks of the database, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from mailrelay.directory import Opening
from registries.catalogue import Catalogue
from tests.whoisproxy.services.world import (
    PROHIBITED,
    RDDS_ONLY,
    SETTINGS,
    SPEC,
    SUBSTITUTED,
    make_world,
    renamed,
)
from whoisproxy.domain.errors import DomainTaken, NotFound, PreconditionFailed, PrivacyNotAllowed
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationState
from whoisproxy.domain.privacy import Consent, PrivacyState
from whoisproxy.services.privacy import PrivacyService, PrivacyView
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Unreadable

UNKNOWN = DomainName("nobody-has-this.com")


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


async def test_many_switched_at_the_same_time_are_each_done_or_refused_alone(storage: Storage) -> None:
    world = await make_world(storage)
    names = [DomainName(f"zoe-{number}.{suffix}") for number in range(12) for suffix in ("com", "org")]
    for name in (*names, PROHIBITED):
        await world.register(name)
    other = await world.accounts.add_registrar("Other", "https://other.example")
    not_his = world.privacy.switch(other, names[0], SwitchRequest(enabled=False))
    switches = [*map(world.enable, names), world.enable(PROHIBITED), world.enable(UNKNOWN), not_his]
    answers = await asyncio.gather(*switches, return_exceptions=True)
    assert [type(each) for each in answers[len(names) :]] == [PrivacyNotAllowed, NotFound, NotFound]
    assert all(isinstance(each, PrivacyView) and each.operation for each in answers[: len(names)])
    await world.work()
    states = {(await world.status(name)).privacy.status.state for name in names}
    assert states == {PrivacyState.ENABLED}
    assert sorted(await world.events()) == sorted(
        ["domain.created", *["domain.created", "privacy.enabling", "privacy.enabled"] * len(names)]
    )


async def test_a_registrant_who_cannot_be_read_keeps_no_other_from_being_switched(storage: Storage) -> None:
    world = await make_world(storage)
    names = [DomainName(f"zoe-{number}.com") for number in range(3)]
    registrations = [await world.register(name) for name in names]
    async with storage.unit_of_work() as uow:
        await uow.sealing.destroy(registrations[-1].registrant_id)
    answers = await asyncio.gather(*map(world.enable, names), return_exceptions=True)
    assert [type(each) for each in answers] == [PrivacyView, PrivacyView, Unreadable]


async def test_switches_of_the_same_domains_in_any_order_do_not_wait_for_each_other_for_ever(
    database_url: str, master_keys: MasterKeys
) -> None:
    """Two processes each lock many domains at once."""
    storages = [await Storage.open(database_url, master_keys) for _ in range(2)]
    one = await make_world(storages[0])
    names = [DomainName(f"zoe-{number}.com") for number in range(20)]
    for name in names:
        await one.register(name)
    privacy = PrivacyService(storages[1], Catalogue.load(), SETTINGS, one.clock)
    for enabled in (True, False):
        request = SwitchRequest(enabled=enabled, consent=Consent("the owner", one.clock(), "2026-01"))
        async with asyncio.timeout(30):
            await asyncio.gather(
                *(one.privacy.switch(one.registrar, name, request) for name in names),
                *(privacy.switch(one.registrar, name, request) for name in reversed(names)),
            )
    for storage in storages:
        await storage.close()


async def test_a_whole_life_ends_where_it_began(storage: Storage) -> None:
    world = await make_world(storage)
    assert (await world.hidden(RDDS_ONLY)).privacy.status.state is PrivacyState.ENABLED
    relay_id = await _relay_id(storage)
    first, second = await asyncio.gather(
        world.directory.reply_address(relay_id, Opening("ada@offers.example")),
        world.directory.reply_address(relay_id, Opening("ada@offers.example")),
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


async def test_many_reported_at_the_same_time_are_each_kept_or_refused_alone(storage: Storage) -> None:
    world = await make_world(storage)
    other = await world.accounts.add_registrar("Other", "https://other.example")
    taken, *names = [DomainName(f"zoe-{number}.com") for number in range(12)]
    await world.registrations.put(other, taken, SPEC)
    everyone = [taken, *names, UNKNOWN]
    puts = [world.registrations.put(world.registrar, name, SPEC) for name in (taken, *names)]
    puts.append(world.registrations.put(world.registrar, UNKNOWN, SPEC, if_match=1))
    answers = dict(zip(everyone, await asyncio.gather(*puts, return_exceptions=True), strict=True))
    assert type(answers.pop(taken)) is DomainTaken
    assert type(answers.pop(UNKNOWN)) is PreconditionFailed
    assert all(isinstance(answer, tuple) and answer[1] for answer in answers.values())
    page = await world.registrations.page(world.registrar, "", 99)
    assert [each.name for each in page] == sorted(names, key=lambda name: name.a_label)


async def test_one_domain_reported_twice_at_the_same_time_is_new_once(storage: Storage) -> None:
    world = await make_world(storage)
    puts = (world.registrations.put(world.registrar, SUBSTITUTED, SPEC) for _ in range(4))
    assert sorted(new for _, new in await asyncio.gather(*puts)) == [False, False, False, True]
