"""The loopback world of the journeys: started once for each module."""

from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest
import pytest_asyncio

from tests.journeys.journey import Journey, MovingClock
from whoisproxy.demo.world import World, loopback_world

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def clock() -> MovingClock:
    """The service's clock."""
    return MovingClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, clock: MovingClock) -> AsyncIterator[World]:
    """Registry, name server, mail server and our service among them."""
    async with loopback_world(tmp_path_factory.mktemp("world"), clock) as started:
        yield started


@pytest.fixture
def journey(world: World, clock: MovingClock) -> Callable[[str], Journey]:
    """Return a maker of journeys: a new domain and owner under the given TLD."""
    return lambda tld: Journey(world, clock, f"journey-{next(_NUMBERS)}.{tld}")
