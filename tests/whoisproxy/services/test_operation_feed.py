"""Who follows an operation hears of its end at once, and of nothing when he may not any more."""

import asyncio
from contextlib import ExitStack

import pytest

from registries.errors import RegistryUnavailable
from tests.whoisproxy.services.switching import owner_of
from tests.whoisproxy.services.world import SUBSTITUTED, World, make_world
from whoisproxy.domain.operation import Operation
from whoisproxy.services.operations import Operations
from whoisproxy.services.owners.operation_feed import OperationFeed, TooManyFollowers
from whoisproxy.services.owners.sessions import OwnerSessions
from whoisproxy.storage.unit_of_work import Storage

LONG_S = 30.0


async def begun(world: World) -> Operation:
    """Return an operation that is under way."""
    await world.register(SUBSTITUTED)
    view = await world.enable(SUBSTITUTED)
    assert view.operation is not None
    return view.operation


async def test_the_end_of_an_operation_of_this_process_is_told_without_a_further_look(
    storage: Storage,
) -> None:
    world = await make_world(storage)
    operation, session = await begun(world), (await owner_of(world)).session.id
    # It would look again in an hour.
    feed = OperationFeed(storage, world.operations, look_every_s=3600.0)
    with feed.following(operation, session) as following:
        told = asyncio.create_task(following.next(LONG_S))
        await world.work()
        ended = await told
    assert ended is not None
    assert ended.state == "done"


async def test_what_another_process_does_is_seen_by_looking(storage: Storage) -> None:
    world = await make_world(storage)
    operation, session = await begun(world), (await owner_of(world)).session.id
    # Nobody tells it anything, as if the worker were elsewhere.
    feed = OperationFeed(storage, Operations(storage), look_every_s=0.02)
    world.registry.faults = [RegistryUnavailable("away")]
    with feed.following(operation, session) as following:
        told = asyncio.create_task(following.next(LONG_S))
        await world.work()
        waiting = await told
        while waiting is not None and not waiting.problem_code:
            waiting = await following.next(LONG_S)
    assert waiting is not None
    assert (waiting.state, waiting.problem_code) == ("pending", "REGISTRY_UNAVAILABLE")


async def test_nothing_is_told_to_a_session_that_was_ended(storage: Storage) -> None:
    world = await make_world(storage)
    operation, found = await begun(world), await owner_of(world)
    feed = OperationFeed(storage, world.operations, look_every_s=0.02)
    with feed.following(operation, found.session.id) as following:
        told = asyncio.create_task(following.next(LONG_S))
        await OwnerSessions(storage, world.clock).end(found.account, found.session.id)
        assert await told is None
        assert following.over


async def test_a_time_without_news_is_over_and_one_may_ask_again(world: World) -> None:
    operation, session = await begun(world), (await owner_of(world)).session.id
    feed = OperationFeed(world.storage, world.operations, look_every_s=0.01)
    with feed.following(operation, session) as following:
        assert await following.next(0.05) is None
        assert not following.over
        await world.work()
        ended = await following.next(LONG_S)
    assert ended is not None


async def test_followers_are_bounded_by_session_and_by_process(world: World) -> None:
    operation, session = await begun(world), (await owner_of(world)).session.id
    feed = OperationFeed(world.storage, world.operations, most=3, most_of_session=2)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(feed.following(operation, session))
        with pytest.raises(TooManyFollowers):
            stack.enter_context(feed.following(operation, session))
        stack.enter_context(feed.following(operation, "ses_other"))
        with pytest.raises(TooManyFollowers):
            stack.enter_context(feed.following(operation, "ses_third"))
    # Who has gone makes room.
    with feed.following(operation, session):
        pass


async def test_it_ends_for_all_when_the_process_stops(world: World) -> None:
    operation, session = await begun(world), (await owner_of(world)).session.id
    feed = OperationFeed(world.storage, world.operations)
    with feed.following(operation, session) as following:
        told = asyncio.create_task(following.next(LONG_S))
        feed.close()
        assert await told is None
        assert following.over
    with pytest.raises(TooManyFollowers), feed.following(operation, session):
        pass
