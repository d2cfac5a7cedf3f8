"""Ask lists of addresses that are kept in the DNS (RFC 5782): blocklists and allow lists.

What a list's answers mean stands in the configuration, answer by answer. All lists are asked at once. One
that does not answer in time says nothing; one that lists 127.0.0.1, which RFC 5782 section 5 forbids, has
gone, been sold or been made to list everything: as long as it does it says nothing either. That question
is asked with each other one, and costs as little, for its answer is in the cache.
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import Counter

from mailrelay.checks.rates import Address, address_of
from mailrelay.dns import DnsTemporaryError, Resolver

_ANSWERS = Counter("mailrelay_dns_list_answers_total", "Answers of DNS lists", ["list", "outcome"])

Meaning = Literal["allow", "reject", "doubtful"] | float

_PATIENCE_S = 2.0
_ANSWER_SPACE = ipaddress.ip_network("127.0.0.0/8")  # RFC 5782 section 2.1
# By convention of the large lists: "you may not ask", "you ask too much". That says nothing of the client.
_COMPLAINTS = ipaddress.ip_network("127.255.255.0/24")
_NEVER_LISTED: dict[int, Address] = {
    4: ipaddress.ip_address("127.0.0.1"),
    6: ipaddress.ip_address("::ffff:7f00:1"),
}


@dataclass(frozen=True, slots=True)
class DnsList:
    """A list.

    Attributes:
        zone: Where it is asked for.
        meanings: Answer or range of answers, and what it means: `allow`, `reject`, `doubtful`, or a weight
            that is added to the content score. The first that matches counts.
    """

    zone: str
    meanings: tuple[tuple[ipaddress.IPv4Network, Meaning], ...]

    @property
    def publisher(self) -> str:
        """The domain it is published under; what stands before it may be a customer's secret."""
        return ".".join(self.zone.split(".")[-2:])

    def meaning_of(self, answer: str) -> Meaning | None:
        """Return what an A record of the list means, None where it means nothing."""
        address = ipaddress.IPv4Address(answer)
        if address not in _ANSWER_SPACE or address in _COMPLAINTS:
            return None
        return next((meaning for answers, meaning in self.meanings if address in answers), None)


class DnsLists:
    """All configured lists."""

    def __init__(self, lists: Sequence[DnsList], resolver: Resolver) -> None:
        self._lists = tuple(lists)
        self._resolver = resolver

    async def meanings(self, ip: str) -> tuple[Meaning, ...]:
        """Return what the lists say of an address, in the order of the configuration."""
        address = address_of(ip)
        if not self._lists or address is None:
            return ()
        found = await asyncio.gather(*(self._asked(one, address) for one in self._lists))
        return tuple(meaning for meanings in found for meaning in meanings)

    async def _asked(self, one: DnsList, address: Address) -> tuple[Meaning, ...]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                outcome, answers = await self._answers(one.zone, address)
        except (DnsTemporaryError, TimeoutError):
            outcome, answers = "failed", ()
        _ANSWERS.labels(one.publisher, outcome).inc()
        meanings = (one.meaning_of(answer) for answer in answers)
        return tuple(meaning for meaning in meanings if meaning is not None)

    async def _answers(self, zone: str, address: Address) -> tuple[str, tuple[str, ...]]:
        if (await self._resolver.answer(_question(_NEVER_LISTED[address.version], zone), "A")).records:
            return "unusable", ()
        answers = (await self._resolver.answer(_question(address, zone), "A")).records
        return ("listed" if answers else "not-listed"), answers


def _question(address: Address, zone: str) -> str:
    """Return octets or nibbles in reverse below the zone (RFC 5782 sections 2.1 and 2.4)."""
    return f"{address.reverse_pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"
