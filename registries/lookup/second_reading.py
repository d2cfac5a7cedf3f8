"""Let python-whois parse answers, in processes that are killed when they take too long.

A parser loses lines, so what it finds only adds to what is read in the raw text; that it finds nothing, fails
or is killed makes no answer clean.
"""

import asyncio
import json
import sys
from pathlib import Path

from registries.lookup.document import Document, Lines

_PROGRAM = Path(__file__).with_name("whois_parser.py")
_LONGEST_LINE = 300
_MOST_LINES = 500
_MOST_OCTETS = 4 * 65_536
_DEADLINE_S = 5.0


class ParserPool:
    """Processes that parse; one is started when all others are at work, up to a number."""

    def __init__(self, processes: int = 2, deadline_s: float = _DEADLINE_S) -> None:
        self._turns = asyncio.Semaphore(processes)
        self._idle: list[asyncio.subprocess.Process] = []
        self._deadline_s = deadline_s

    async def values(self, document: Document, domain: str) -> Lines:
        """Return what a parser finds in a WHOIS answer, each value on the line where it stands."""
        lines = [line[:_LONGEST_LINE] for line in document.raw.split("\n")[:_MOST_LINES]]
        text = "\n".join(lines)
        async with self._turns:
            values = await self._parsed(domain, text)
        return [
            (1 + text.count("\n", 0, max(0, text.find(value))), " ".join(value.split())) for value in values
        ]

    async def close(self) -> None:
        """End all processes."""
        while self._idle:
            await _end(self._idle.pop())

    async def _parsed(self, domain: str, text: str) -> list[str]:
        process = self._idle.pop() if self._idle else await _start()
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await _ask(process, json.dumps([domain, text]).encode() + b"\n")
            values: list[str] = json.loads(answer)
        except (OSError, TimeoutError, ValueError):
            await _end(process)
            return []
        except BaseException:
            # Its answer would be taken for that to the next question.
            process.kill()
            raise
        self._idle.append(process)
        return values


async def _start() -> asyncio.subprocess.Process:
    # -I: nothing of this folder or of the environment decides what it imports.
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_MOST_OCTETS,
        env={},
    )


async def _ask(process: asyncio.subprocess.Process, question: bytes) -> bytes:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101 - same
    process.stdin.write(question)
    await process.stdin.drain()
    return await process.stdout.readline()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
