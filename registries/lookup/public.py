"""Look at a domain in every directory that the public asks, and judge."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from registries.lookup.document import Document
from registries.lookup.fetching import NoAnswer
from registries.lookup.second_reading import ParserPool
from registries.lookup.verdict import Doubt, Expectation, Finding, Verdict, judge, of_all, of_directory


class Directory(Protocol):
    """RDAP or WHOIS, with what it refers to.

    Attributes:
        source: `rdap` or `whois`.
        server: Who is asked first, `host:port`.
    """

    source: str
    server: str

    async def documents(self, domain: str) -> list[Document]:
        """Return the raw answers about a domain, or raise NoAnswer."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """What one server showed, judged by itself.

    Attributes:
        source: `rdap` or `whois`.
        server: `host:port`.
        referred: Whether another directory led there: a registry's leads to its registrar's.
        document: The evidence as it came; None where there was no answer.
    """

    source: str
    server: str
    referred: bool
    finding: Finding
    document: Document | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """One look at everything that the public sees of a domain.

    Attributes:
        finding: Of all answers together.
        seen: Each server's answer, in the order in which they were asked.
    """

    finding: Finding
    seen: tuple[Seen, ...] = ()


class PublicView:
    """What anybody can learn of a domain."""

    def __init__(self, directories: Sequence[Directory], parser: ParserPool | None = None) -> None:
        """Create it; without directories every look is unknown.

        Args:
            directories: Who is asked.
            parser: Reads WHOIS answers beside us; whoever made it closes it.
        """
        self._directories = tuple(directories)
        self._parser = parser

    async def look(self, expected: Expectation) -> Finding:
        """Ask every directory and judge each raw answer by itself; one alone that leaks is a leak."""
        return (await self.examine(expected)).finding

    async def examine(self, expected: Expectation) -> Look:
        """Look, and return beside the finding what each server showed."""
        by_directory = [await self._in_one(directory, expected) for directory in self._directories]
        finding = of_all([of_directory([each.finding for each in seen]) for seen in by_directory])
        return Look(finding, tuple(each for seen in by_directory for each in seen))

    async def close(self) -> None:
        """Close connections."""
        for directory in self._directories:
            await directory.close()

    async def _in_one(self, directory: Directory, expected: Expectation) -> list[Seen]:
        try:
            documents = await directory.documents(expected.domain)
        except NoAnswer:
            silent = Finding(Verdict.UNKNOWN, sources=(directory.source,), doubt=Doubt.NO_ANSWER)
            return [Seen(directory.source, directory.server, referred=False, finding=silent)]
        return [await self._seen(each, expected) for each in documents]

    async def _seen(self, document: Document, expected: Expectation) -> Seen:
        read = document
        if self._parser is not None and document.source == "whois":
            read = replace(document, second=tuple(await self._parser.values(document, expected.domain)))
        # A long answer takes a tenth of a second to search: others are served meanwhile.
        finding = await asyncio.to_thread(judge, read, expected)
        return Seen(document.source, document.server, document.referred, finding, document)
