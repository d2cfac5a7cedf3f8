"""A look-up in memory: the smallest real other side of the servers."""

import asyncio
from collections.abc import Iterable

from whoisproxy.domain.names import DomainName
from whoisproxy.publication.record import RddsEntity, RddsHost, RddsRecord


class Shelf:
    """Holds records; fails or waits on demand.

    Attributes:
        asked: Every name that was looked up.
        failure: Raised by every look-up while set.
        gate: Look-ups wait for it.
    """

    def __init__(self, records: Iterable[RddsRecord]) -> None:
        self.records = {record.name: record for record in records}
        self.hosts: dict[str, RddsHost] = {}
        self.registrars: dict[str, RddsEntity] = {}
        self.asked: list[str] = []
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()

    async def domain(self, name: DomainName) -> RddsRecord | None:
        self.asked.append(name.a_label)
        self.reached.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return self.records.get(name.a_label)

    async def nameserver(self, name: str) -> RddsHost | None:
        return self.hosts.get(name)

    async def registrar(self, handle: str) -> RddsEntity | None:
        return self.registrars.get(handle)
