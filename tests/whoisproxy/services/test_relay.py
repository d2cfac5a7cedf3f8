import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import delete

from mailrelay.directory import NOT_OPENED, Admission, MailPolicy, Opening, RelayRoute, ReplyRoute
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, World, make_world
from whoisproxy.domain.appearance import Appearance
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.relay_lifecycle import RelayLifecycle
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.tables import data_keys
from whoisproxy.storage.unit_of_work import Storage


@pytest.fixture
async def world(storage: Storage) -> World:
    """Return a world on SQLite, which is read directly, and one on PostgreSQL, where look-ups gather."""
    return await make_world(storage)


async def _route(world: World) -> RelayRoute:
    identity = (await world.hidden(RDDS_ONLY)).identity
    assert identity is not None
    route = await world.directory.find(identity.relay_address)
    assert isinstance(route, RelayRoute)
    return route


async def test_mail_to_a_relay_address_finds_the_owner_in_any_case(world: World) -> None:
    route = await _route(world)
    assert await world.directory.find(route.address.upper()) == route
    owner = await world.directory.owner(route.relay_id)
    assert owner is not None
    assert owner.mailboxes == (REGISTRANT.email,)
    assert {REGISTRANT.name, REGISTRANT.email, "50667, Köln"} <= set(owner.identity.values())


async def test_what_never_existed_has_no_route(world: World) -> None:
    route = await _route(world)
    local_part = route.address.partition("@")[0]
    for address in ("x@relay.example", f"{local_part}@other.example", "", "@", "relay.example"):
        assert await world.directory.find(address) is None


async def test_mail_goes_where_the_owner_wants_it_and_either_mailbox_may_answer(world: World) -> None:
    route = await _route(world)
    wish = SwitchRequest(enabled=True, forward_to="elsewhere@home.example")
    await world.privacy.switch(world.registrar, RDDS_ONLY, wish)
    owner = await world.directory.owner(route.relay_id)
    assert owner is not None
    assert owner.mailboxes == ("elsewhere@home.example", REGISTRANT.email)
    assert "elsewhere@home.example" in owner.identity.mailboxes


async def test_that_an_owner_takes_no_mail_is_said_by_the_route(world: World) -> None:
    """The relay refuses it like an unknown address, unless it is protected."""
    route = await _route(world)
    wish = SwitchRequest(enabled=True, mail_policy=MailPolicy.DROP)
    await world.privacy.switch(world.registrar, RDDS_ONLY, wish)
    assert await world.directory.find(route.address) == replace(route, policy=MailPolicy.DROP)


async def test_a_correspondent_has_one_stable_reply_address_for_a_relay_address(world: World) -> None:
    route = await _route(world)
    address = await world.directory.reply_address(route.relay_id, Opening("ada@Offers.example"))
    assert await world.directory.reply_address(route.relay_id, Opening("ada@offers.example")) == address
    assert await world.directory.reply_address(route.relay_id, Opening("bob@offers.example")) != address
    found = await world.directory.find(address)
    assert isinstance(found, ReplyRoute)
    assert (found.relay_address, found.correspondent) == (route.address, "ada@Offers.example")


async def test_at_the_door_an_address_is_known_and_its_correspondent_stays_sealed(world: World) -> None:
    """Opening him would take longer than a relay address does, and a stranger could tell the two apart."""
    route = await _route(world)
    reply = await world.directory.reply_address(route.relay_id, Opening("ada@offers.example"))
    found = await world.directory.find(reply)
    assert isinstance(found, ReplyRoute)
    assert await world.directory.find_at_door(reply.upper()) == replace(found, opening=NOT_OPENED)
    assert await world.directory.find_at_door(route.address) == route
    for address in (f"x{reply}", "", "@"):
        assert await world.directory.find_at_door(address) is None


async def test_an_owner_may_answer_from_where_he_gets_mail_and_from_his_own_mailbox(world: World) -> None:
    route = await _route(world)
    assert (await world.directory.admission(route.relay_id, ())).mailboxes == (REGISTRANT.email,)
    wish = SwitchRequest(enabled=True, forward_to="elsewhere@home.example")
    await world.privacy.switch(world.registrar, RDDS_ONLY, wish)
    admission = await world.directory.admission(route.relay_id, ())
    assert admission == Admission(("elsewhere@home.example", REGISTRANT.email))
    assert await world.directory.admission("relay_unknown", ()) == Admission()


async def test_after_grace_an_address_is_retired_for_ever(world: World) -> None:
    route = await _route(world)
    reply = await world.directory.reply_address(route.relay_id, Opening("ada@offers.example"))
    lifecycle = RelayLifecycle(world.storage, world.clock)
    await world.disable(RDDS_ONLY)
    await world.work()
    assert await world.directory.find(route.address) == route
    assert await lifecycle.retire_expired() == 0
    world.clock.pass_by(days=30)
    assert await lifecycle.retire_expired() > 0
    assert await lifecycle.retire_expired() == 0
    assert await world.directory.find(route.address) is None
    assert await world.directory.find(reply) is None
    assert await world.directory.owner(route.relay_id) is None
    assert await world.directory.admission(route.relay_id, ()) == Admission()
    assert (await world.events())[-1] == "relay.retired"
    await world.enable(RDDS_ONLY)
    identity = (await world.status(RDDS_ONLY)).identity
    assert identity is not None
    assert identity.relay_address != route.address


async def test_a_delivery_says_in_one_look_up_what_the_single_questions_say(world: World) -> None:
    route = await _route(world)
    delivery = await world.directory.delivery(route.address.upper(), Opening("ada@offers.example"))
    assert delivery is not None
    assert delivery.route == route
    assert delivery.owner == await world.directory.owner(route.relay_id)
    assert delivery.reply_address == await world.directory.reply_address(
        route.relay_id, Opening("ada@Offers.example")
    )
    again = await world.directory.delivery(route.address, Opening("ada@offers.example"))
    assert again == delivery


async def test_an_owners_pages_are_at_his_registrars_own_host_name(world: World) -> None:
    route, looks = await _route(world), Appearances(world.storage, "https://pages.example")
    before = await world.directory.owner(route.relay_id)
    await looks.put(Appearance(world.registrar.id, "Example", "own.example"), None)
    owner = await world.directory.owner(route.relay_id)
    delivery = await world.directory.delivery(route.address, Opening("ada@offers.example"))
    assert before is not None
    assert before.pages_host == ""
    assert owner is not None
    assert owner.pages_host == "own.example"
    assert delivery is not None
    assert delivery.owner == owner


async def test_deliveries_at_the_same_time_are_told_apart(world: World) -> None:
    """They may share one statement: nobody gets another's address, and one correspondent gets one."""
    route = await _route(world)
    asked = [f"a{number % 5}@offers.example" for number in range(20)]
    found = await asyncio.gather(*(world.directory.delivery(route.address, Opening(one)) for one in asked))
    unknown = await world.directory.delivery(f"x{route.address}", Opening("ada@offers.example"))
    replies = [one.reply_address for one in found if one is not None]
    assert unknown is None
    assert len(replies) == 20
    assert len(set(zip(asked, replies, strict=True))) == len(set(replies)) == 5


async def test_a_delivery_without_a_correspondent_is_answered_to_the_relay_address(world: World) -> None:
    route = await _route(world)
    delivery = await world.directory.delivery(route.address, Opening(""))
    assert delivery is not None
    assert delivery.reply_address == route.address


async def test_a_change_applies_to_the_next_look_up(world: World) -> None:
    route = await _route(world)
    await world.directory.delivery(route.address, Opening("ada@offers.example"))
    wish = SwitchRequest(enabled=True, forward_to="elsewhere@home.example")
    await world.privacy.switch(world.registrar, RDDS_ONLY, wish)
    delivery = await world.directory.delivery(route.address, Opening("ada@offers.example"))
    assert delivery is not None
    assert delivery.owner.mailboxes == ("elsewhere@home.example", REGISTRANT.email)
    await world.registrations.delete(world.registrar, RDDS_ONLY)
    assert await world.directory.delivery(route.address, Opening("ada@offers.example")) is None
    assert await world.directory.find(route.address) is None


async def test_who_is_erased_elsewhere_is_seen_though_his_key_is_in_memory(world: World) -> None:
    route = await _route(world)
    assert await world.directory.delivery(route.address, Opening("ada@offers.example")) is not None
    assert world.storage.known_key(route.owner_id) is not None
    async with world.storage.unit_of_work() as uow:
        await uow.connection.execute(delete(data_keys).where(data_keys.c.owner_id == route.owner_id))
    assert await world.directory.find(route.address) is None
    assert await world.directory.delivery(route.address, Opening("ada@offers.example")) is None
