"""Those who write in a mail storm; of each message they know whether it was answered 250.

Half of them are `smtp-source`. It cannot say which of many messages were taken, nor go on after a lost
connection; so it is started for each message, and only where it ends well the message counts as taken. The
others keep their sessions as long as the service lives. A message without an answer is not sent again: each
attempt has a mark of its own, so that a second copy can never be a sender's.
"""

import asyncio
import random
import re
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.peers.postfix import find
from tests.journeys.mailstorm.messages import SENDER, compose

_AGAIN_S = 0.3
_ANSWER_S = 60.0
_TEMPORARY = "4"
_REFUSAL = re.compile(r"rejected[^:]*: (\d{3}.*)")


@dataclass
class Senders:
    """All senders together.

    Attributes:
        port: Of the service on loopback.
        recipients: Relay addresses.
        taken: Mark of each message that was answered 250, with its recipient.
        refused: Answers for good (5xx); there should be none.
        outcomes: How often each came.
    """

    port: int
    recipients: Sequence[str]
    chance: random.Random
    taken: dict[int, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    _marks: Iterator[int] = field(default_factory=count)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def send_until(self, enough: asyncio.Event, sessions: int, smtp_source: int) -> None:
        """Send without a pause until it is enough."""
        own = sessions - smtp_source
        with tempfile.TemporaryDirectory(prefix="mailstorm-") as folder:
            await asyncio.gather(
                *(self._keep_session(enough) for _ in range(own)),
                *(self._smtp_source(enough, Path(folder, str(place))) for place in range(smtp_source)),
            )

    async def wait_for(self, messages: int) -> None:
        """Wait until so many were answered 250."""
        while len(self.taken) < messages:
            self._grown.clear()
            await self._grown.wait()

    def _next(self) -> tuple[int, str, bytes]:
        mark, recipient = next(self._marks), self.chance.choice(self.recipients)
        return mark, recipient, compose(mark, recipient, self.chance)

    async def _keep_session(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            try:
                async with asyncio.timeout(None) as limit:
                    await self._session(enough, limit)
            except (OSError, EOFError, TimeoutError):
                self.outcomes["session lost"] += 1
                await asyncio.sleep(_AGAIN_S)

    async def _session(self, enough: asyncio.Event, limit: asyncio.Timeout) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)

        async def ask(command: bytes) -> str:
            limit.reschedule(asyncio.get_running_loop().time() + _ANSWER_S)
            writer.write(command)
            while (line := await reader.readline())[3:4] == b"-":
                pass
            if not line.endswith(b"\n"):
                raise EOFError
            return line.decode().strip()

        try:
            greeting, hello = await ask(b""), await ask(b"EHLO mx.offers.example\r\n")
            if not greeting.startswith("220") or not hello.startswith("250"):
                raise EOFError
            while not enough.is_set():
                mark, recipient, raw = self._next()
                answer = await _transaction(ask, recipient, raw)
                if answer.startswith("250"):
                    self._count(mark, recipient)
                else:
                    await self._put_off(answer)
                    await ask(b"RSET\r\n")
        finally:
            writer.close()

    async def _smtp_source(self, enough: asyncio.Event, file: Path) -> None:
        program = find("smtp-source") or "smtp-source"
        while not enough.is_set():
            mark, recipient, raw = self._next()
            file.write_bytes(raw.replace(b"\r\n", b"\n"))  # noqa: ASYNC240 - 3 KiB of memory
            process = await asyncio.create_subprocess_exec(
                *(
                    program,
                    "-4",
                    "-m",
                    "1",
                    "-M",
                    "mx.offers.example",
                    "-f",
                    SENDER,
                    "-t",
                    recipient,
                    "-F",
                    file,
                ),
                f"127.0.0.1:{self.port}",
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                _, errors = await process.communicate()
            finally:
                await _ended(process)
            if process.returncode == 0:
                self._count(mark, recipient)
            elif refusal := _REFUSAL.search(errors.decode()):
                await self._put_off(refusal[1].strip())
            else:
                self.outcomes["session lost"] += 1
                await asyncio.sleep(_AGAIN_S)

    def _count(self, mark: int, recipient: str) -> None:
        self.taken[mark] = recipient
        self.outcomes["answered 250"] += 1
        self._grown.set()

    async def _put_off(self, answer: str) -> None:
        self.outcomes[f"answered {answer[:3]}"] += 1
        if not answer.startswith(_TEMPORARY):
            self.refused.append(answer)
        await asyncio.sleep(_AGAIN_S)


async def _transaction(ask: Callable[[bytes], Awaitable[str]], recipient: str, raw: bytes) -> str:
    """Bring one message; return the answer to its end, or the first that does not let it go on."""
    for command, code in (
        (f"MAIL FROM:<{SENDER}>", "250"),
        (f"RCPT TO:<{recipient}>", "250"),
        ("DATA", "354"),
    ):
        if not (answer := await ask(f"{command}\r\n".encode())).startswith(code):
            return answer
    return await ask(raw + b".\r\n")


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Make sure that a process leaves nothing behind."""
    if process.returncode is None:
        process.kill()
        await process.wait()
