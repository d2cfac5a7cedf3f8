"""The demonstration's whole story, on the database for more than one machine."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.postgres import PostgresServer
from whoisproxy.demo.stage import Stage
from whoisproxy.demo.story import tell
from whoisproxy.demo.world import loopback_world


@pytest.mark.slow
async def test_the_whole_story_is_true_on_postgresql(postgres: PostgresServer, tmp_path: Path) -> None:
    name = postgres.new_database()
    stage = Stage(Console(file=io.StringIO()))
    async with loopback_world(
        tmp_path, environment={"WHOISPROXY_DATABASE__URL": postgres.url(name)}
    ) as world:
        await tell(stage, world)
    postgres.drop(name)
    assert stage.checks >= 40
