"""The operator sees why mail is held, and lets it go, without seeing who wrote or what."""

import asyncio
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, State
from tests.whoisproxy.cli.conftest import Run
from tests.whoisproxy.storage.values import hold_domain, relay
from whoisproxy.config import load
from whoisproxy.runtime.core import open_core

STRANGER = "ada@offers.example"
DOMAIN = "name1.com"


def _letter(*verdicts: NoteOfVerdict) -> NewMessage:
    raw = f"From: {STRANGER}\r\nSubject: secret\r\n\r\ntext\r\n".encode()
    return NewMessage(
        Direction.FORWARD, "own_1", relay().id, relay().address, STRANGER, raw, len(raw), verdicts=verdicts
    )


@pytest.fixture
def ids(tmp_path: Path, run: Run) -> list[str]:
    """Return what is held: likely spam, a lawyer's letter, and malware."""
    del run  # it has gone to the folder

    async def fill() -> list[str]:
        async with open_core(load(None)) as core:
            await hold_domain(core.storage)
            async with core.storage.unit_of_work() as unit:
                await unit.relays.add(relay())
            return await core.queue.enqueue(
                [
                    _letter(NoteOfVerdict("content-score", "quarantine", "like-known-spam", 6.1)),
                    _letter(NoteOfVerdict("mail-class", "accept", "legal")),
                    _letter(NoteOfVerdict("clamav", "quarantine", "malware")),
                ],
                State.QUARANTINED,
            )

    assert tmp_path.exists()
    return asyncio.run(fill())


def test_held_mail_is_listed_as_its_owner_sees_it_and_names_no_person(run: Run, ids: list[str]) -> None:
    spam, legal, malware = ids
    found = run("quarantine", "list", DOMAIN, "--json").json()["messages"]
    assert [one["id"] for one in found] == [legal, spam, malware]
    assert [(one["class"], one["malware"]) for one in found] == [
        ("legal", False),
        ("other", False),
        ("other", True),
    ]
    table = run("quarantine", "list", DOMAIN).out
    shown = run("quarantine", "show", spam).out
    assert "It reads like known spam." in shown
    for text in (table, shown):
        assert STRANGER not in text
        assert "secret" not in text
    assert run("quarantine", "list", "nobody-has-this.com").code == 3
    assert run("quarantine", "show", "msg_0").code == 3


def test_held_mail_is_released_and_thrown_away_once(run: Run, ids: list[str]) -> None:
    spam, legal, malware = ids
    assert run("quarantine", "release", legal).out == f"{legal} is queued.\n"
    assert run("quarantine", "release", legal).code == 3
    assert run("quarantine", "discard", spam, "--yes").out == f"{spam} is discarded.\n"
    assert run("quarantine", "show", spam, "--json").json()["state"] == "discarded"
    refused = run("quarantine", "release", malware)
    assert (refused.code, "--malware" in refused.err) == (3, True)
    assert run("quarantine", "release", malware, "--malware").out == f"{malware} is queued.\n"
    assert run("quarantine", "list", DOMAIN).out == "Nothing is held.\n"
