"""One of several mail processes: takes and delivers mail on sockets that the service opened for it.

The service speaks to it in JSON lines. The first on standard input holds what it works with; each one after
that is a question, answered on standard output. When standard input ends, the service is gone or wants it to
stop: what is in flight is finished.
"""

import asyncio
import socket
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

import orjson
import uvloop
from prometheus_client import generate_latest

from whoisproxy.config import Settings
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.mail.role import mail_role

READY = b"ready\n"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one mail process works with.

    Attributes:
        number: Which of the processes it is, from 0.
        sockets: File descriptors of the listening sockets, by name of the listener.
        memory: File descriptor of what all of them remember.
    """

    settings: Settings
    number: int
    sockets: Mapping[str, int]
    memory: int

    def to_line(self) -> bytes:
        """Return it as a line of JSON."""
        content = {
            "settings": self.settings.model_dump(mode="json"),
            "number": self.number,
            "sockets": dict(self.sockets),
            "memory": self.memory,
        }
        return orjson.dumps(content) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` wrote."""
        content = orjson.loads(line)
        settings = Settings.model_validate(content["settings"])
        return cls(settings, content["number"], content["sockets"], content["memory"])


async def run(assignment: Assignment, questions: asyncio.StreamReader) -> None:
    """Work until the questions end."""
    settings = assignment.settings
    configure_logging(settings.log.level, settings.log.format)
    async with AsyncExitStack() as stack:
        opening = open_core(
            settings, slot=assignment.number, processes=settings.smtp.processes, migrating=False
        )
        core = await stack.enter_async_context(opening)
        sockets = {name: socket.socket(fileno=fd) for name, fd in assignment.sockets.items()}
        role = mail_role(core, sockets, assignment.memory, first=assignment.number == 0)
        mail = await stack.enter_async_context(role)
        _answer(READY)
        answering = asyncio.create_task(_answer_all(questions))
        await asyncio.wait([answering, mail.worker], return_when=asyncio.FIRST_COMPLETED)
        answering.cancel()


async def _answer_all(questions: asyncio.StreamReader) -> None:
    while await questions.readline():
        # The only question there is: what was counted.
        _answer(orjson.dumps(generate_latest().decode()) + b"\n")


async def _main() -> None:
    loop = asyncio.get_running_loop()
    questions = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    await run(Assignment.from_line(await questions.readline()), questions)


def _answer(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(_main())
