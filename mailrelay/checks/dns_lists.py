"""Ask lists of addresses that are kept in the DNS (RFC 5782): blocklists and allow lists.

What a list's answers mean stands in the configuration, answer by answer. All lists are asked at once. One
that does not answer in time says nothing and is left alone for a while, so that it holds up one client and
not each. One that lists 127.0.0.1, which RFC 5782 section 5 forbids, has gone, been sold or been made to
list everything: as long as it does it says nothing either. That question is asked with each other one, and
costs as little, for its answer is in the cache.
"""

import asyncio
import contextlib
import ipaddress
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from prometheus_client import Counter

from mailrelay.checks.rates import Address, address_of
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import Verdict
from mailrelay.dns import DnsTemporaryError, Resolver

_SILENT = Counter("mailrelay_dns_list_silent_total", "DNS lists that said nothing", ["list", "reason"])

Meaning = Literal["allow", "reject", "doubtful"] | float

_PATIENCE_S = 2.0
_REST_S = 30.0
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
    """All configured lists.

    Args:
        lists: In the order of the configuration.
        resolver: Answers DNS questions.
        monotonic: Seconds.
    """

    def __init__(
        self,
        lists: Sequence[DnsList],
        resolver: Resolver,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lists = tuple(lists)
        self._resolver = resolver
        self._monotonic = monotonic
        self._rests_until_s = {one.zone: 0.0 for one in lists}

    def known(self, ip: str) -> tuple[Meaning, ...] | None:
        """Return what the lists say of an address, None where the DNS must be asked; never waits."""
        lists = self._awake()
        answers = [self._resolver.cached(question, "A") for question in _questions(lists, ip)]
        return None if None in answers else self._read(lists, answers)

    async def meanings(self, ip: str) -> tuple[Meaning, ...]:
        """Return what the lists say of an address, in the order of the configuration."""
        lists = self._awake()
        questions = _questions(lists, ip)
        await asyncio.gather(*(self._ask(question) for question in questions))
        return self._read(lists, [self._resolver.cached(question, "A") for question in questions])

    def _awake(self) -> list[DnsList]:
        now_s = self._monotonic()
        return [one for one in self._lists if self._rests_until_s[one.zone] <= now_s]

    async def _ask(self, question: str) -> None:
        """Bring an answer into the cache, or not."""
        with contextlib.suppress(DnsTemporaryError):
            await self._resolver.answer(question, "A", _PATIENCE_S)

    def _read(
        self, lists: Sequence[DnsList], answers: Sequence[tuple[str, ...] | None]
    ) -> tuple[Meaning, ...]:
        # Where the address is none, there are no questions and no answers.
        pairs = zip(lists, answers[::2], answers[1::2], strict=False)
        return tuple(meaning for one, found, control in pairs for meaning in self._heard(one, found, control))

    def _heard(
        self, one: DnsList, answers: tuple[str, ...] | None, control: tuple[str, ...] | None
    ) -> Sequence[Meaning]:
        if answers is None or control is None:
            self._rests_until_s[one.zone] = self._monotonic() + _REST_S
            _SILENT.labels(one.publisher, "failed").inc()
            return ()
        if control:
            _SILENT.labels(one.publisher, "unusable").inc()
            return ()
        meanings = (one.meaning_of(answer) for answer in answers)
        return [meaning for meaning in meanings if meaning is not None]


def _questions(lists: Sequence[DnsList], ip: str) -> list[str]:
    return [f"{name}.{one.zone}" for one in lists for name in _names(ip)]


class ListCheck(ABC):
    """A check that rules on what the lists say of a client; at once where all answers are in the cache."""

    def __init__(self, lists: DnsLists) -> None:
        self._lists = lists

    @abstractmethod
    def _verdict(self, meanings: Sequence[Meaning]) -> Verdict | None:
        """Return what follows from the meanings of all lists."""

    def __call__(self, context: SenderContext) -> Verdict | Awaitable[Verdict | None] | None:
        """Ask all lists; what one check has asked is in the cache when the next one comes."""
        ip = context.connection.peer_ip
        known = self._lists.known(ip)
        return self._ask(ip) if known is None else self._verdict(known)

    async def _ask(self, ip: str) -> Verdict | None:
        return self._verdict(await self._lists.meanings(ip))


@lru_cache(maxsize=4_096)
def _names(ip: str) -> tuple[str, ...]:
    """Return what to ask for below a zone: the address, and the one of its kind that is never listed."""
    address = address_of(ip)
    if address is None:
        return ()
    return _reversed(address), _reversed(_NEVER_LISTED[address.version])


def _reversed(address: Address) -> str:
    """Return octets or nibbles in reverse (RFC 5782 sections 2.1 and 2.4)."""
    return address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
