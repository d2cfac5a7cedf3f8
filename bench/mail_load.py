"""Load for a mail server on loopback, and the place where what it forwards ends.

Letters are like those that domain owners get: plain text of about 4 KiB in words of its own, signed by the
domain it comes from, each with a reference by which it is found again.
"""

import asyncio
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

from whoisproxy.demo.mail_actors import Letter, MailDomain

SENDER = "ada@offers.example"
LETTER_OCTETS = 4096

_REFERENCE = re.compile(rb"Our reference: (bench-[0-9a-z-]+)")
_WORDS = """
domain name offer price transfer escrow service bakery bridge garden letter answer week month office
owner project website team music travel school paper winter spring mountain lake please would could
should think write call meet talk about with from into over under between happy early short long
quiet green open small large new old first second next last several
""".split()  # noqa: SIM905 - a list of words reads better as text


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished letter: its reference, and its bytes as DATA carries them."""

    reference: str
    data: bytes


def letters(domain: MailDomain, recipient: str, name: str, count: int) -> list[Envelope]:
    """Write and sign so many letters to one address; the same name gives the same texts."""
    chance = random.Random(name)  # noqa: S311 - texts, not secrets
    return [_letter(domain, recipient, f"bench-{name}-{number}", chance) for number in range(count)]


def _letter(domain: MailDomain, recipient: str, reference: str, chance: random.Random) -> Envelope:
    lines = [f"Our reference: {reference}"]
    while sum(len(line) + 2 for line in lines) < LETTER_OCTETS - 900:  # headers and signature are the rest
        lines.append(" ".join(chance.choices(_WORDS, k=11)).capitalize() + ".")
    text = "\n".join(lines) + "\n"
    raw = domain.sign(Letter(f"Ada Buyer <{SENDER}>", recipient, f"Your domain, {reference}", text).raw())
    # No line begins with a dot, so nothing needs stuffing (RFC 5321 section 4.5.2).
    return Envelope(reference, raw + b".\r\n")


async def send(
    port: int, recipient: str, envelopes: Sequence[Envelope], *, kept: bool, sessions: int
) -> float:
    """Send all over so many sessions at a time; return when the last was taken, by `time.perf_counter`.

    Args:
        port: Of the mail server on loopback.
        recipient: Of every letter.
        envelopes: The letters.
        kept: Whether a session brings its whole share; else each letter has a session of its own.
        sessions: At the same time.
    """

    async def share(mine: Sequence[Envelope]) -> None:
        for part in [mine] if kept else [[envelope] for envelope in mine]:
            await _session(port, recipient, part)

    await asyncio.gather(*(share(envelopes[number::sessions]) for number in range(sessions)))
    return time.perf_counter()


async def _session(port: int, recipient: str, envelopes: Sequence[Envelope]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def expect(code: bytes, command: bytes = b"") -> None:
        writer.write(command)
        while (line := await reader.readline()).startswith(code + b"-"):
            pass
        assert line.startswith(code), line

    try:
        await expect(b"220")
        await expect(b"250", b"EHLO mx.offers.example\r\n")
        for envelope in envelopes:
            await expect(b"250", f"MAIL FROM:<{SENDER}>\r\n".encode())
            await expect(b"250", f"RCPT TO:<{recipient}>\r\n".encode())
            await expect(b"354", b"DATA\r\n")
            await expect(b"250", envelope.data)
        await expect(b"221", b"QUIT\r\n")
    finally:
        writer.close()
        await writer.wait_closed()


@dataclass
class Sink:
    """A mail server that takes everything and remembers the references.

    Attributes:
        seen: How often each letter came.
    """

    port: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._server = await loop.create_server(lambda: _SinkSession(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    def take(self, message: bytes) -> None:
        """Remember a letter."""
        found = _REFERENCE.search(message)
        assert found, "a message without reference arrived"
        reference = found[1].decode()
        self.seen[reference] = self.seen.get(reference, 0) + 1
        self._arrived.set()

    async def wait_for(self, envelopes: Sequence[Envelope]) -> float:
        """Wait until all these letters are here; return when, by `time.perf_counter`."""
        missing = {envelope.reference for envelope in envelopes}
        while missing := {reference for reference in missing if reference not in self.seen}:
            self._arrived.clear()
            await self._arrived.wait()
        return time.perf_counter()


class _SinkSession(asyncio.Protocol):
    """As much of RFC 5321 as a client needs to be rid of its mail."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._message() if self._in_data else self._command():
            pass

    def _message(self) -> bool:
        message, found, rest = self._buffer.partition(b"\r\n.\r\n")
        if found:
            self._buffer, self._in_data = rest, False
            self._sink.take(message)
            self._transport.write(b"250 2.0.0 taken\r\n")
        return bool(found)

    def _command(self) -> bool:
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return False
        self._buffer = rest
        verb = line[:4].upper()
        self._in_data = verb == b"DATA"
        answers = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 2.0.0 bye\r\n", b"EHLO": b"250 sink.example\r\n"}
        self._transport.write(answers.get(verb, b"250 2.0.0 OK\r\n"))
        if verb == b"QUIT":
            self._transport.close()
        return True
