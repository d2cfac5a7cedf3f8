"""A mail server on loopback that does what a test tells it, however odd."""

import asyncio
import ssl
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

DROP = "drop"
SILENCE = "silence"

_USUAL = {
    "EHLO": "250-scripted.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 1000000\r\n250 SMTPUTF8",
    "HELO": "250 scripted.example",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "END": "250 2.0.0 taken",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
    "STARTTLS": "220 2.0.0 go on",
    "AUTH": "235 2.7.0 welcome",
}


@dataclass
class Heard:
    """One session as the server saw it."""

    lines: list[str] = field(default_factory=list)
    tls: bool = False

    @property
    def verbs(self) -> list[str]:
        return [line.split(" ")[0].split(":")[0].upper() for line in self.lines]


class ScriptedServer:
    """SMTP on 127.0.0.1.

    Attributes:
        greeting: What it says first: a reply, DROP or SILENCE.
        sessions: Every session so far, in order.
        messages: Texts as they came, dots not taken out, without the final one.
        interrupts: What it says after the first line of a message; empty for nothing.
        closed: Set when a session has ended.
        silent: Set when it has fallen silent.
        waits_for_data: Whether MAIL is answered only when DATA has come, as it does with PIPELINING.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit_tls: bool = False) -> None:
        self.port = 0
        self.greeting = "220 scripted.example ESMTP"
        self.sessions: list[Heard] = []
        self.messages: list[bytes] = []
        self.waits_for_data = False
        self.interrupts = ""
        self.closed = asyncio.Event()
        self.silent = asyncio.Event()
        self._tls = tls
        self._implicit = tls if implicit_tls else None
        self._once: dict[str, deque[str]] = defaultdict(deque)
        self._always = dict(_USUAL)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def once(self, verb: str, *replies: str) -> None:
        """Answer the next commands with these, each a reply without its end, DROP or SILENCE."""
        self._once[verb].extend(replies)

    def always(self, verb: str, reply: str) -> None:
        """Answer so unless `once` says otherwise."""
        self._always[verb] = reply

    def offer(self, *extensions: str) -> None:
        """Name the extensions in EHLO."""
        lines = ["scripted.example", *extensions]
        self._always["EHLO"] = "\r\n".join(
            f"250{'-' if number < len(lines) - 1 else ' '}{line}" for number, line in enumerate(lines)
        )

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._implicit)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _answer(self, verb: str) -> str:
        queued = self._once[verb]
        return queued.popleft() if queued else self._always.get(verb, "500 5.5.1 what")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        heard = Heard(tls=self._implicit is not None)
        self.sessions.append(heard)
        try:
            # asyncio complains about a handler that was cancelled.
            with suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                if await self._say(writer, self.greeting):
                    await self._talk(reader, writer, heard)
            writer.close()
            with suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()
        finally:
            writer.transport.abort()
            self.closed.set()

    async def _say(self, writer: asyncio.StreamWriter, answer: str) -> bool:
        if answer == DROP:
            writer.transport.abort()
            return False
        if answer == SILENCE:
            self.silent.set()
            await asyncio.Event().wait()
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Heard) -> None:
        held: list[str] = []
        while line := await reader.readline():
            heard.lines.append(line.decode().rstrip("\r\n"))
            verb = heard.verbs[-1]
            if self.waits_for_data and verb in {"MAIL", "RCPT"}:
                held.append(self._answer(verb))
                continue
            answers = [*held, self._answer(verb)]
            held = []
            for answer in answers:
                if not await self._say(writer, answer):
                    return
            if verb == "STARTTLS" and answers[-1].startswith("220"):
                assert self._tls is not None
                await writer.start_tls(self._tls)
                heard.tls = True
            elif verb == "DATA" and answers[-1].startswith("354"):
                if not await self._take(reader, writer):
                    return
            elif verb == "QUIT":
                return

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line)
            if len(lines) == 1 and self.interrupts:
                await self._say(writer, self.interrupts)
        answer = self._answer("END")
        if lines and answer.startswith("250"):
            self.messages.append(b"".join(lines))
        return await self._say(writer, answer)
