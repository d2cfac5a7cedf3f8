"""A registrant's mailbox that refuses mail: order, rest, the registrar's event, and nobody's address."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from mailrelay.directory import MailboxFailure, Owner, RelayRoute
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, World, make_world
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.unit_of_work import Storage

WISHED = "elsewhere@home.example"


@pytest.fixture
async def world(storage: Storage) -> World:
    """The services over an empty database of either engine."""
    return await make_world(storage)


async def relay_of(world: World) -> str:
    identity = (await world.hidden(RDDS_ONLY)).identity
    assert identity is not None
    route = await world.directory.find(identity.relay_address)
    assert isinstance(route, RelayRoute)
    return route.relay_id


def failure(relay_id: str, mailbox: str = REGISTRANT.email) -> MailboxFailure:
    return MailboxFailure(relay_id, mailbox, "5.1.1", "refused-550", "msg_1")


async def owner_of(world: World, relay_id: str) -> Owner:
    owner = await world.directory.owner(relay_id)
    assert owner is not None
    return owner


def health_of(world: World) -> MailboxHealth:
    return world.directory._health


async def test_the_only_mailbox_rests_until_it_may_be_tried_again(world: World) -> None:
    relay_id = await relay_of(world)

    rest = await health_of(world).failed(failure(relay_id))

    assert rest is not None
    assert (rest.until, rest.lasting) == (world.clock() + timedelta(hours=1), False)
    assert (await owner_of(world, relay_id)).rest == rest
    world.clock.pass_by(hours=1)
    owner = await owner_of(world, relay_id)
    assert owner.rest is None
    assert owner.suspects == {REGISTRANT.email}


async def test_the_second_mailbox_goes_first_while_the_wished_one_is_suspect(world: World) -> None:
    relay_id = await relay_of(world)
    await world.privacy.switch(world.registrar, RDDS_ONLY, SwitchRequest(enabled=True, forward_to=WISHED))

    assert await health_of(world).failed(failure(relay_id, WISHED)) is None

    owner = await owner_of(world, relay_id)
    assert owner.mailboxes == (REGISTRANT.email, WISHED)
    assert owner.rest is None
    assert owner.suspects == {WISHED}
    world.clock.pass_by(hours=1)
    assert (await owner_of(world, relay_id)).mailboxes == (WISHED, REGISTRANT.email)


async def test_a_new_mailbox_is_not_suspect(world: World) -> None:
    relay_id = await relay_of(world)
    await health_of(world).failed(failure(relay_id))

    await world.privacy.switch(world.registrar, RDDS_ONLY, SwitchRequest(enabled=True, forward_to=WISHED))

    owner = await owner_of(world, relay_id)
    assert (owner.mailboxes[0], owner.rest) == (WISHED, None)


async def test_a_mailbox_that_takes_mail_is_not_suspect_any_more(world: World) -> None:
    relay_id = await relay_of(world)
    health = health_of(world)
    await health.failed(failure(relay_id))
    assert await health.may_tell(relay_id, "ada@offers.example")

    await health.worked(relay_id, REGISTRANT.email)

    owner = await owner_of(world, relay_id)
    assert (owner.rest, owner.suspects) == (None, frozenset())
    assert await health.may_tell(relay_id, "ada@offers.example")


async def test_the_failure_lasts_when_it_is_still_there_after_days(world: World) -> None:
    relay_id = await relay_of(world)
    health = health_of(world)
    await health.failed(failure(relay_id))
    world.clock.pass_by(days=5)

    rest = await health.failed(failure(relay_id))

    assert rest is not None
    assert rest.lasting


async def test_the_registrar_learns_of_each_failure_once_and_of_no_mailbox(world: World) -> None:
    relay_id = await relay_of(world)
    health = health_of(world)
    await asyncio.gather(*(health.failed(failure(relay_id)) for _ in range(3)))
    async with world.storage.reading() as uow:
        [event] = [
            one
            for one in await uow.events.after(world.registrar.id, 0, 100)
            if one.type == "relay.delivery_failed"
        ]
    assert event.domain == RDDS_ONLY.a_label
    assert dict(event.data) == {
        "relay_id": relay_id,
        "message_id": "msg_1",
        "status": "5.1.1",
        "reason": "refused-550",
        "failures": 1,
        "lasting": False,
    }


async def test_a_mailbox_that_the_server_names_otherwise_is_the_one_in_use(world: World) -> None:
    """Behind an alias, a report names an address that is none of the registrant's."""
    relay_id = await relay_of(world)
    await health_of(world).failed(failure(relay_id, "z123@store.home.example"))
    assert (await owner_of(world, relay_id)).suspects == {REGISTRANT.email}


async def test_a_correspondent_is_told_once_for_each_relay_address(world: World) -> None:
    relay_id = await relay_of(world)
    health = health_of(world)
    assert await health.may_tell(relay_id, "ada@Offers.example")
    assert not await health.may_tell(relay_id, "ada@offers.example")
    assert await health.may_tell(relay_id, "bob@offers.example")
    assert not await health.may_tell("rel_unknown", "ada@offers.example")


async def test_another_process_learns_of_a_suspect_within_seconds(world: World) -> None:
    relay_id = await relay_of(world)
    elsewhere = MailboxHealth(world.storage, world.clock)
    owner = await owner_of(world, relay_id)
    assert await elsewhere.in_order(owner) == owner

    await health_of(world).failed(failure(relay_id))
    world.clock.pass_by(seconds=5)

    assert (await elsewhere.in_order(owner)).rest is not None


async def test_what_is_kept_names_nobody_and_goes_with_the_registrant(world: World) -> None:
    relay_id = await relay_of(world)
    health = health_of(world)
    await health.failed(failure(relay_id))
    await health.may_tell(relay_id, "ada@offers.example")
    async with world.storage.reading() as uow:
        suspects = await uow.connection.execute(text("SELECT * FROM suspect_mailboxes"))
        told = await uow.connection.execute(text("SELECT * FROM told_correspondents"))
        rows = [*suspects.all(), *told.all()]
    assert len(rows) == 2
    assert not any(b"@" in value for row in rows for value in row if isinstance(value, bytes))
    assert not any("example" in str(value) for row in rows for value in row)

    async with world.storage.unit_of_work() as uow:
        registration = await uow.registrations.get(world.registrar.id, RDDS_ONLY)
        assert registration is not None
        await uow.registrations.update(replace(registration, registrant_id="rgt_another"))
    async with world.storage.reading() as uow:
        assert await uow.suspect_mailboxes.all() == []


async def test_a_mailbox_that_nobody_tries_any_more_is_forgotten(world: World) -> None:
    """The registrant may have another one by now."""
    relay_id = await relay_of(world)
    health = health_of(world)
    await health.failed(failure(relay_id))
    await health.may_tell(relay_id, "ada@offers.example")

    async with world.storage.unit_of_work() as uow:
        await uow.suspect_mailboxes.purge(world.clock() + timedelta(minutes=30))
    assert not await health.may_tell(relay_id, "ada@offers.example")
    async with world.storage.unit_of_work() as uow:
        await uow.suspect_mailboxes.purge(world.clock() + timedelta(hours=2))

    world.clock.pass_by(seconds=5)
    assert (await owner_of(world, relay_id)).suspects == frozenset()
    assert await health.may_tell(relay_id, "ada@offers.example")
