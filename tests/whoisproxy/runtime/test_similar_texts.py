"""The memory of texts as the settings want it: its size, its key, and the Redis by which machines share."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.mailrelay.content.test_seen import sketch_of
from tests.support.redis import redis_server
from tests.whoisproxy.runtime.test_service import settings
from whoisproxy.config import ConfigurationError
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.mail.keys import greylist_key, similar_texts_key
from whoisproxy.runtime.mail.similar_texts import shared_memory, similar_texts


async def test_two_machines_with_one_redis_count_together(tmp_path: Path) -> None:
    with redis_server() as server:
        chosen = settings(tmp_path, REDIS__URL=server.url)
        async with open_core(chosen) as core, similar_texts(core) as one, similar_texts(core) as other:
            one.add(sketch_of(1), "a")
            other.add(sketch_of(1), "b")
            async with asyncio.timeout(30):
                while one.others(sketch_of(1), "c") + other.others(sketch_of(1), "c") < 4:  # noqa: ASYNC110 - it comes by Redis
                    await asyncio.sleep(0.01)


async def test_processes_share_memory_of_the_size_that_is_set_and_without_redis_nothing_is_told(
    tmp_path: Path,
) -> None:
    chosen = settings(tmp_path, CHECKS__SIMILAR_TEXTS_MIB="3")
    memory = shared_memory(chosen)
    try:
        assert os.stat(memory).st_size == 3 * 2**20  # noqa: PTH116 - a descriptor has no path
        async with open_core(chosen) as core, similar_texts(core, memory) as one:
            async with similar_texts(core, memory, hears=False) as other:
                one.add(sketch_of(1), "a")
                assert other.others(sketch_of(1), "b") == 1
            async with similar_texts(core) as apart:
                assert apart.others(sketch_of(1), "b") == 0
    finally:
        os.close(memory)


def test_the_key_is_the_installations_and_no_other_key(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    assert similar_texts_key(chosen) == similar_texts_key(chosen) != greylist_key(chosen)
    assert len(similar_texts_key(chosen)) >= 32


@pytest.mark.parametrize("url", ["http://redis.example", "redis", "redis://"])
def test_what_is_no_redis_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"redis\.url"):
        settings(tmp_path, REDIS__URL=url)


async def test_a_redis_that_cannot_be_is_refused_at_start(tmp_path: Path) -> None:
    async with open_core(settings(tmp_path, REDIS__URL="redis://host:port/0")) as core:
        with pytest.raises(ConfigurationError, match=r"redis\.url"):
            async with similar_texts(core):
                pass
