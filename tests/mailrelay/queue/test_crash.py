"""Kill the server without warning: whatever it acknowledged is delivered by the next one."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailrelay.queue.entry import State
from mailrelay.queue.log import LogQuery
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, open_world
from whoisproxy.demo.mail_sink import MailSink

KILLS = 5
PLACES = 8
PROJECT = Path(__file__).parents[3]
SENDERS = 4
ENOUGH = 12


async def _send_until_cut_off(
    port: int, sender: int, acknowledged: set[bytes], enough: asyncio.Event
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await reader.readline()
        writer.write(b"HELO offers.example\r\n")
        await reader.readline()
        for number in range(10_000):
            mark = f"mark-{sender}-{number}.".encode()
            message = f"From: {STRANGER}\r\nSubject: {sender} {number}\r\n\r\n".encode() + mark
            answer = b""
            for line in (
                f"MAIL FROM:<{STRANGER}>\r\n".encode(),
                f"RCPT TO:<{RELAY_ADDRESS}>\r\n".encode(),
                b"DATA\r\n",
                message + b"\r\n.\r\n",
            ):
                writer.write(line)
                answer = await reader.readline()
                if not answer:
                    return
            if answer.startswith(b"250"):
                acknowledged.add(mark)
            if len(acknowledged) >= ENOUGH:
                enough.set()
    except ConnectionError:
        return
    finally:
        writer.close()


@asynccontextmanager
async def _server(folder: Path, deliver_to: int | None = None) -> AsyncIterator[tuple[Process, int]]:
    """Start a mail server, and kill it at the end; give its process and its port."""
    program = PROJECT / "tests/mailrelay/queue/accepting_process.py"
    arguments = [str(program), str(folder), *([str(deliver_to)] if deliver_to else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process, int(await process.stdout.readline())
    finally:
        process.send_signal(signal.SIGKILL)
        await process.communicate()


async def _acknowledged_until_killed(folder: Path, life: int, deliver_to: int | None = None) -> set[bytes]:
    """Return the marks of what a server took before it was killed in the middle of it."""
    acknowledged: set[bytes] = set()
    enough = asyncio.Event()
    async with _server(folder, deliver_to) as (_, port):
        senders = [
            asyncio.create_task(_send_until_cut_off(port, life * SENDERS + number, acknowledged, enough))
            for number in range(SENDERS)
        ]
        async with asyncio.timeout(30):
            await enough.wait()
    await asyncio.gather(*senders)
    return acknowledged


async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    acknowledged = await _acknowledged_until_killed(tmp_path, 0)

    async with open_world(tmp_path) as world:
        await world.settle()
        arrived = b"".join(one.raw for one in world.sink.messages if OWNER_MAILBOX in one.recipients)
        assert len(acknowledged) >= ENOUGH
        assert [mark for mark in acknowledged if mark not in arrived] == []


@pytest.mark.slow
async def test_killed_while_it_delivers_it_loses_nothing_and_repeats_next_to_nothing(tmp_path: Path) -> None:
    """Repeated is at most what was between the other server's answer and the journal: one for each place."""
    acknowledged: set[bytes] = set()
    async with MailSink() as sink:
        for life in range(KILLS):
            acknowledged |= await _acknowledged_until_killed(tmp_path, life, sink.port)
        async with _server(tmp_path, sink.port), asyncio.timeout(60):
            await sink.wait_for(1, matching=lambda _: all(_times(sink, mark) for mark in acknowledged))
        logged = await _logged_as_delivered(tmp_path, sink.port)
    assert len(acknowledged) >= ENOUGH * KILLS
    # What the other server has said 250 to is in the owner's log, as delivered.
    assert acknowledged <= logged
    repeated = sum(_times(sink, mark) - 1 for mark in acknowledged)
    assert repeated <= PLACES * KILLS


async def _logged_as_delivered(folder: Path, deliver_to: int) -> set[bytes]:
    """Return the marks of what the log says is delivered, once what the dead left is settled."""
    async with open_world(folder, deliver_to=deliver_to) as world:
        await world.store.begin_delivering(world.worker)
        await world.settle()
        query = LogQuery(("relay_1",), ("reg_1",), states=(State.DELIVERED,))
        entries = await world.store.logged(query, 10_000)
    return {f"mark-{entry.subject.replace(' ', '-')}.".encode() for entry in entries}


def _times(sink: MailSink, mark: bytes) -> int:
    return sum(mark in one.raw for one in sink.messages)
