"""Batches of asks, without a database."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext

from mailrelay.gathering import Gathering


async def test_after_a_batch_further_asks_gather_for_the_pause() -> None:
    """Each of them would else cost a commit of its own; the first, after a quiet moment, waits for none."""
    batches: list[list[str]] = []

    async def perform(_: None, asks: Sequence[str]) -> Sequence[str]:
        batches.append(list(asks))
        return [ask.upper() for ask in asks]

    gathering: Gathering[None, str, str] = Gathering(nullcontext, perform, id, (), pause_s=1)

    async def a_moment_later(ask: str) -> str:
        for _ in range(5):
            await asyncio.sleep(0)
        return await gathering.ask(ask)

    assert await gathering.ask("first") == "FIRST"
    answers = await asyncio.gather(gathering.ask("second"), a_moment_later("third"))
    assert list(answers) == ["SECOND", "THIRD"]
    assert batches == [["first"], ["second", "third"]]


async def test_all_askers_have_their_answers_before_what_follows_from_them_begins() -> None:
    """Else an answer would take as long as the work that it sets going, and tell of it."""
    happened: list[str] = []

    async def perform(_: None, asks: Sequence[str]) -> Sequence[str]:
        return asks

    gathering: Gathering[None, str, str] = Gathering(nullcontext, perform, id, (), pause_s=0)

    async def asker(name: str) -> None:
        def then(_: object) -> None:
            asyncio.get_running_loop().call_soon(happened.append, f"after {name}")

        happened.append(await gathering.ask(name, then))

    await asyncio.gather(asker("one"), asker("two"))
    await asyncio.sleep(0)
    assert happened == ["one", "two", "after one", "after two"]
