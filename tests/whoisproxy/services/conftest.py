"""A world for each test."""

import pytest

from tests.whoisproxy.services.world import World, make_world
from whoisproxy.storage.unit_of_work import Storage


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """The services over an empty database."""
    return await make_world(sqlite_storage)
