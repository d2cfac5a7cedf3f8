"""The operator looks at queued mail and moves it, without seeing anybody's address."""

import asyncio
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, NewMessage, State
from tests.whoisproxy.cli.conftest import Run
from tests.whoisproxy.storage.values import hold_domain, relay
from whoisproxy.config import load
from whoisproxy.runtime.core import open_core

STRANGER = "ada@offers.example"


def _letter() -> NewMessage:
    return NewMessage(
        direction=Direction.FORWARD,
        owner_id="own_1",
        relay_id=relay().id,
        recipient=relay().address,
        reverse_path=STRANGER,
        raw=b"Subject: secret\r\n\r\ntext\r\n",
        size_octets=24,
    )


@pytest.fixture
def ids(tmp_path: Path, run: Run) -> list[str]:
    """Return a queued, a quarantined and a refused message."""
    del run  # it has gone to the folder

    async def fill() -> list[str]:
        async with open_core(load(None)) as core:
            await hold_domain(core.storage)
            async with core.storage.unit_of_work() as unit:
                await unit.relays.add(relay())
            return [
                *await core.queue.enqueue([_letter()]),
                *await core.queue.enqueue([_letter()], State.QUARANTINED),
                *await core.queue.record_rejected([_letter()]),
            ]

    assert tmp_path.exists()
    return asyncio.run(fill())


def test_the_list_counts_and_shows_what_waits(run: Run, ids: list[str]) -> None:
    queued, quarantined, rejected = ids

    ended = run("queue", "list", "--json")

    found = ended.json()
    assert found["depth"] == {"queued": 1, "quarantined": 1}
    assert {one["id"] for one in found["messages"]} == {queued, quarantined}
    [one] = run("queue", "list", "--state", "rejected", "--json").json()["messages"]
    assert one["id"] == rejected
    assert run("queue", "list", "--older-than", "1h", "--json").json()["messages"] == []
    assert len(run("queue", "list", "--relay", relay().address, "--json").json()["messages"]) == 2
    shown = run("queue", "list")
    assert "1 queued, 1 quarantined" in shown.out
    assert run("queue", "list", "--older-than", "soon").code == 2
    assert run("queue", "list", "--relay", "nobody@relay.example").code == 3


def test_a_message_and_a_relay_address_tell_their_trail_and_no_person(run: Run, ids: list[str]) -> None:
    [one] = run("queue", "show", ids[0], "--json").json()
    assert [entry["event"] for entry in one["trail"]] == ["queued"]
    assert len(run("queue", "show", relay().address, "--json").json()) == 3
    text = run("queue", "show", relay().address).out
    assert all(each in text for each in ids)
    assert STRANGER not in text
    assert "secret" not in text
    missing = run("queue", "show", "msg_0")
    assert (missing.code, missing.out) == (3, "")


def test_mail_is_held_retried_and_dropped(run: Run, ids: list[str]) -> None:
    queued, quarantined, rejected = ids
    assert run("queue", "hold", queued).out == f"{queued} is paused.\n"
    assert run("queue", "retry", queued).out == f"{queued} is queued.\n"
    assert run("queue", "drop", quarantined, "--yes").out == f"{quarantined} is discarded.\n"
    refused = run("queue", "drop", rejected, "--yes")
    assert (refused.code, refused.err) == (
        3,
        "whoisproxy: the message is rejected: that cannot be done with it\n",
    )
    assert run("queue", "retry", "--all-deferred").out == "0 messages are tried now.\n"
    assert run("queue", "retry").code == 2
    [one] = run("queue", "show", quarantined, "--json").json()
    assert one["trail"][-1]["event"] == "dropped-by-the-operator"
