"""Load for a mail server on loopback, and the place where what it forwards ends.

Postfix's `smtp-source` sends finished letters and its `smtp-sink` takes and counts what arrives: both are
quick enough to measure a mail server and not themselves. Letters are like those that domain owners get: plain
text of about 4 KiB in words of its own, signed by the domain it comes from.
"""

import asyncio
import os
import random
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.peers.postfix import find
from bench.processes import accepts
from whoisproxy.demo.mail_actors import Letter, MailDomain

SENDER = "ada@offers.example"
LETTER_OCTETS = 4096
SESSIONS = 20

_HEADER_OCTETS = 900  # of which most is the signature
_ATTEMPTS = 50  # to connect, where the listen queue is full
_COUNT = re.compile(rb"mesg=(\d+)")
_WORDS = """
domain name offer price transfer escrow service bakery bridge garden letter answer week month office
owner project website team music travel school paper winter spring mountain lake please would could
should think write call meet talk about with from into over under between happy early short long
quiet green open small large new old first second next last several
""".split()  # noqa: SIM905 - a list of words reads better as text


@dataclass(frozen=True, slots=True)
class FinishedLetter:
    """A letter in a file, with LF line ends as `smtp-source` wants it; it puts dots and CRLF."""

    recipient: str
    file: Path


def write_letters(folder: Path, domain: MailDomain | None, recipients: Sequence[str]) -> list[FinishedLetter]:
    """Write one letter to each recipient, each with its own text; signed where a domain signs."""
    folder.mkdir()
    chance = random.Random(folder.name)  # noqa: S311 - texts, not secrets
    letters = []
    for number, recipient in enumerate(recipients):
        raw = letter(recipient, f"{folder.name}-{number}", chance)
        file = folder / str(number)
        file.write_bytes((domain.sign(raw) if domain else raw).replace(b"\r\n", b"\n"))
        letters.append(FinishedLetter(recipient, file))
    return letters


def letter(recipient: str, reference: str, chance: random.Random) -> bytes:
    """Return an unsigned letter with CRLF line ends; its text names the reference."""
    lines = [f"Our reference: {reference}."]
    octets = len(lines[0])
    while octets < LETTER_OCTETS - _HEADER_OCTETS:
        lines.append(" ".join(chance.choices(_WORDS, k=11)).capitalize() + ".")
        octets += len(lines[-1]) + 2
    text = "\n".join(lines) + "\n"
    return Letter(f"Ada Buyer <{SENDER}>", recipient, f"Your domain, {reference}", text).raw()


async def send(port: int, letters: Sequence[FinishedLetter], count: int, *, kept: bool) -> float:
    """Send so many messages over SESSIONS sessions at a time; return when the last was taken.

    Args:
        port: Of the mail server on loopback.
        letters: Each is sent again and again; with fewer than sessions, some have nothing to do.
        count: Messages in all.
        kept: Whether a session brings all copies of a letter; else each message has a session of its own.

    Returns:
        A time of `time.perf_counter`.

    Raises:
        RuntimeError: A message was refused, or a session broke.
    """
    shares = [count // len(letters) + (place < count % len(letters)) for place in range(len(letters))]
    work = [(each, share) for each, share in zip(letters, shares, strict=True) if share]

    async def session(place: int) -> None:
        for each, share in work[place::SESSIONS]:
            await _source(port, each, share, kept=kept)

    await asyncio.gather(*(session(place) for place in range(SESSIONS)))
    return time.perf_counter()


async def _source(port: int, what: FinishedLetter, count: int, *, kept: bool) -> None:
    process = await asyncio.create_subprocess_exec(
        *(find("smtp-source") or "smtp-source", "-4", "-s", "1", "-m", str(count), "-C", str(_ATTEMPTS)),
        *(["-d"] if kept else []),
        *("-M", "mx.offers.example", "-f", SENDER, "-t", what.recipient, "-F", what.file),
        f"127.0.0.1:{port}",
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"smtp-source: {errors.decode().strip()}")


class CountingSink:
    """A running `smtp-sink`.

    Attributes:
        count: Messages that it has taken.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._grown = asyncio.Condition()
        self.count = 0

    async def wait_for(self, count: int) -> float:
        """Wait until it has taken so many; return when, by `time.perf_counter`."""
        async with self._grown:
            await self._grown.wait_for(lambda: self.count >= count)
        return time.perf_counter()

    async def read(self) -> None:
        """Follow its counter until it ends."""
        assert self._process.stdout is not None
        while text := await self._process.stdout.read(1 << 16):
            # Its lines end with a CR; the last one may be cut, and then the one before it counts.
            if found := _COUNT.findall(text.rpartition(b"\r")[0]):
                self.count = max(self.count, int(found[-1]))
                async with self._grown:
                    self._grown.notify_all()


@asynccontextmanager
async def counting_sink(port: int) -> AsyncIterator[CountingSink]:
    """Run an `smtp-sink` at a port on loopback."""
    process = await asyncio.create_subprocess_exec(
        *(find("smtp-sink") or "smtp-sink", "-4", "-c", "-m", "1000"),
        # It refuses to run as root.
        *(["-u", "nobody"] if os.geteuid() == 0 else []),
        *(f"127.0.0.1:{port}", "1000"),
        stdout=asyncio.subprocess.PIPE,
    )
    sink = CountingSink(process)
    reading = asyncio.create_task(sink.read())
    try:
        while not accepts(port):
            assert process.returncode is None, "smtp-sink does not listen"
            await asyncio.sleep(0.05)
        yield sink
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await reading
