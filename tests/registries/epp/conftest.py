"""The sandbox registry and the client under test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.registries.epp.world import World, sandbox_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with sandbox_world(tmp_path) as made:
        yield made
