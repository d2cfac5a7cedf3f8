"""What each of several processes of one role does, besides the role itself.

The service speaks to it in JSON lines. The first on standard input holds what it works with; each one after
that is a question, answered on standard output. When standard input ends, the service is gone or wants it to
stop: what is in flight is finished.
"""

import asyncio
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Self

import orjson
import uvloop
from prometheus_client import generate_latest

from whoisproxy.config import Settings
from whoisproxy.observability import configure_logging

READY = b"ready\n"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one process works with.

    Attributes:
        number: Which of the processes of its role it is, from 0.
        sockets: File descriptors of the listening sockets, by name of the listener.
        memory: File descriptor of what all of them remember; -1 where they share nothing.
    """

    settings: Settings
    number: int
    sockets: Mapping[str, Sequence[int]]
    memory: int

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All file descriptors that the process must inherit."""
        sockets = (one for each in self.sockets.values() for one in each)
        return (*sockets, self.memory) if self.memory >= 0 else tuple(sockets)

    def to_line(self) -> bytes:
        """Return it as a line of JSON."""
        content = {
            "settings": self.settings.model_dump(mode="json"),
            "number": self.number,
            "sockets": {name: list(each) for name, each in self.sockets.items()},
            "memory": self.memory,
        }
        return orjson.dumps(content) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` wrote."""
        content = orjson.loads(line)
        settings = Settings.model_validate(content["settings"])
        return cls(settings, content["number"], content["sockets"], content["memory"])

    def opened(self) -> dict[str, list[socket.socket]]:
        """Return the sockets, which belong to the caller from here on."""
        return {name: [socket.socket(fileno=one) for one in each] for name, each in self.sockets.items()}


Role = Callable[[Assignment], AbstractAsyncContextManager[asyncio.Task[None] | None]]
"""Runs a role; gives the task of which the process shall not outlive the end, where there is one."""


def run_role(role: Role) -> None:
    """Be a process of a role until the questions end."""
    uvloop.run(_main(role))


async def _main(role: Role) -> None:
    loop = asyncio.get_running_loop()
    questions = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    assignment = Assignment.from_line(await questions.readline())
    configure_logging(assignment.settings.log.level, assignment.settings.log.format)
    async with role(assignment) as worker:
        _answer(READY)
        answering = asyncio.create_task(_answer_all(questions))
        await asyncio.wait(
            [answering, worker] if worker else [answering], return_when=asyncio.FIRST_COMPLETED
        )
        answering.cancel()


async def _answer_all(questions: asyncio.StreamReader) -> None:
    while await questions.readline():
        # The only question there is: what was counted.
        _answer(orjson.dumps(generate_latest().decode()) + b"\n")


def _answer(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
