from dataclasses import replace

from mailrelay.directory import MailPolicy, RelayRoute, ReplyRoute
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, World
from whoisproxy.services.relay_lifecycle import RelayLifecycle
from whoisproxy.services.switching import SwitchRequest


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
    assert {REGISTRANT.name, REGISTRANT.email, "50667 Köln"} <= set(owner.secrets)


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
    assert "elsewhere@home.example" in owner.secrets


async def test_that_an_owner_takes_no_mail_is_said_by_the_route(world: World) -> None:
    """The relay refuses it like an unknown address, unless it is protected."""
    route = await _route(world)
    wish = SwitchRequest(enabled=True, mail_policy=MailPolicy.DROP)
    await world.privacy.switch(world.registrar, RDDS_ONLY, wish)
    assert await world.directory.find(route.address) == replace(route, policy=MailPolicy.DROP)


async def test_a_correspondent_has_one_stable_reply_address_for_a_relay_address(world: World) -> None:
    route = await _route(world)
    address = await world.directory.reply_address(route.relay_id, "ada@Offers.example")
    assert await world.directory.reply_address(route.relay_id, "ada@offers.example") == address
    assert await world.directory.reply_address(route.relay_id, "bob@offers.example") != address
    found = await world.directory.find(address)
    assert isinstance(found, ReplyRoute)
    assert (found.relay_address, found.correspondent) == (route.address, "ada@Offers.example")


async def test_after_grace_an_address_is_retired_for_ever(world: World) -> None:
    route = await _route(world)
    reply = await world.directory.reply_address(route.relay_id, "ada@offers.example")
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
    assert (await world.events())[-1] == "relay.retired"
    await world.enable(RDDS_ONLY)
    identity = (await world.status(RDDS_ONLY)).identity
    assert identity is not None
    assert identity.relay_address != route.address
