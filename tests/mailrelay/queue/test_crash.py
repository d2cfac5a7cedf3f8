"""Kill the server without warning: whatever it acknowledged is delivered by the next one."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, open_world

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


async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    program = PROJECT / "tests/mailrelay/queue/accepting_process.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), str(tmp_path), stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    acknowledged: set[bytes] = set()
    enough = asyncio.Event()
    senders = [
        asyncio.create_task(_send_until_cut_off(port, number, acknowledged, enough))
        for number in range(SENDERS)
    ]
    async with asyncio.timeout(30):
        await enough.wait()
    process.send_signal(signal.SIGKILL)
    await asyncio.gather(*senders)
    await process.communicate()

    async with open_world(tmp_path) as world:
        await world.settle()
        arrived = b"".join(one.raw for one in world.sink.messages if OWNER_MAILBOX in one.recipients)
        assert len(acknowledged) >= ENOUGH
        assert [mark for mark in acknowledged if mark not in arrived] == []
