"""Import many domains: each is put as the API would put it, so the same file twice changes nothing.

An import that was stopped goes on where it was: a `Progress` file beside the source remembers the last line
that was done, and for which source.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import WhoisproxyError
from whoisproxy.services.import_lines import BadLine, ImportFormat, ImportLine, read_lines
from whoisproxy.services.registration import Registrations

_TOGETHER = 100  # lines that share a transaction
_FINGERPRINT_OCTETS = 64 * 1024


class Outcome(StrEnum):
    """What became of a line."""

    CREATED = "created"
    UPDATED = "updated"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line.

    Attributes:
        field: Dotted path of what was wrong, or the error's code; "" when it went well.
        problem: The rule that was broken, never the value.
    """

    line: int
    domain: str
    outcome: Outcome
    field: str = ""
    problem: str = ""


async def import_domains(
    registrations: Registrations,
    registrar: Registrar,
    lines: Iterable[bytes],
    form: ImportFormat,
    after_line: int = 0,
) -> AsyncIterator[LineResult]:
    """Put every domain of `lines` that stands behind `after_line`, and yield a result for each.

    Raises:
        InvalidInput: A CSV header lacks a column, or has one that is not known.
        Unavailable: The database does not answer; the import can go on later.
    """
    ahead = (read for read in read_lines(lines, form) if read.line > after_line)
    while together := list(islice(ahead, _TOGETHER)):
        puts = (_put(registrations, registrar, read) for read in together)
        for result in await asyncio.gather(*puts, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            yield result


async def _put(registrations: Registrations, registrar: Registrar, read: ImportLine | BadLine) -> LineResult:
    if isinstance(read, BadLine):
        return LineResult(read.line, read.domain, Outcome.FAILED, read.field, read.problem)
    try:
        _, created = await registrations.put(registrar, read.name, read.spec)
    except WhoisproxyError as error:
        if error.retry:
            raise
        return LineResult(read.line, read.name.a_label, Outcome.FAILED, error.code, str(error))
    return LineResult(read.line, read.name.a_label, Outcome.CREATED if created else Outcome.UPDATED)


class Progress:
    """A small file that remembers how far the import of one source has come."""

    def __init__(self, file: Path, source: Path) -> None:
        self._file = file
        self._source = source

    async def line(self) -> int:
        """Return the last line that was done; 0 for another source, or none."""
        return await asyncio.to_thread(self._line)

    async def save(self, line: int) -> None:
        """Remember a line, in one step that a crash cannot halve."""
        await asyncio.to_thread(self._save, line)

    async def clear(self) -> None:
        """Forget: the import is complete."""
        await asyncio.to_thread(self._file.unlink, missing_ok=True)

    def _line(self) -> int:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            return int(kept["line"]) if kept["source"] == self._fingerprint() else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _save(self, line: int) -> None:
        draft = self._file.with_suffix(self._file.suffix + ".new")
        draft.write_text(json.dumps({"source": self._fingerprint(), "line": line}), encoding="utf-8")
        draft.replace(self._file)

    def _fingerprint(self) -> str:
        """Tell one source from another; lines added at its end do not make it another."""
        with self._source.open("rb") as stream:
            first = stream.readline(_FINGERPRINT_OCTETS) + stream.readline(_FINGERPRINT_OCTETS)
        return hashlib.sha256(first).hexdigest()
