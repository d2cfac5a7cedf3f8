"""Look at a domain in every directory that the public asks, and judge."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from registries.lookup.document import Document
from registries.lookup.fetching import NoAnswer
from registries.lookup.verdict import Doubt, Expectation, Finding, Verdict, judge, of_all, of_directory


class Directory(Protocol):
    """RDAP or WHOIS, with what it refers to."""

    async def documents(self, domain: str) -> list[Document]:
        """Return the raw answers about a domain, or raise NoAnswer."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class PublicView:
    """What anybody can learn of a domain."""

    def __init__(self, directories: Sequence[Directory]) -> None:
        """Create it; without directories every look is unknown."""
        self._directories = tuple(directories)

    async def look(self, expected: Expectation) -> Finding:
        """Ask every directory and judge each raw answer by itself; one alone that leaks is a leak."""
        return of_all([await self._in_one(directory, expected) for directory in self._directories])

    async def close(self) -> None:
        """Close connections."""
        for directory in self._directories:
            await directory.close()

    async def _in_one(self, directory: Directory, expected: Expectation) -> Finding:
        try:
            documents = await directory.documents(expected.domain)
        except NoAnswer:
            return Finding(Verdict.UNKNOWN, doubt=Doubt.NO_ANSWER)
        # A long answer takes a tenth of a second to search: others are served meanwhile.
        return of_directory([await asyncio.to_thread(judge, each, expected) for each in documents])
