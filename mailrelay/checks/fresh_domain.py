"""Say that the author's domain has not written to this installation before: small evidence, and never more.

Most spam comes from domains that nobody has heard of, and one honest letter in twenty does. What was seen is
kept in greylisting's store, for all processes: keyed hashes that expire, and name nobody. What a process
knows it does not ask for again. Where the store fails the check does, and so defers.
"""

import hashlib
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailrelay.checks.greylisting import GreylistStore
from mailrelay.checks.rates import Clock
from mailrelay.checks.sender_facts import author_domain
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict

_KEY_OCTETS = 16
_POINTS = 0.3


@dataclass(frozen=True, slots=True)
class FreshLimits:
    """How long domains are fresh, and how long they are remembered.

    Attributes:
        fresh: After its first letter a domain still is: a campaign is over within a day.
        first: How long it is remembered that a domain has written once.
        known: The same for one that has written again later.
        most: Domains that a process remembers, fresh and known ones each.
    """

    fresh: timedelta = timedelta(days=1)
    first: timedelta = timedelta(days=30)
    known: timedelta = timedelta(days=180)
    most: int = 50_000


class FreshDomain:
    """Remember who has written.

    Args:
        store: Shared between processes.
        key: Secret of at least 32 octets under which domains are hashed.
        clock: Aware UTC.
        limits: See there.
    """

    name = "fresh-domain"
    _never_seen = Verdict(name, Action.ACCEPT, "domain-never-seen", score=_POINTS)

    def __init__(
        self, store: GreylistStore, key: bytes, clock: Clock, limits: FreshLimits | None = None
    ) -> None:
        self._store = store
        self._key = key
        self._clock = clock
        self._limits = limits or FreshLimits()
        self._known: dict[bytes, datetime] = {}
        self._fresh: dict[bytes, datetime] = {}

    def __call__(self, context: MessageContext) -> Verdict | Awaitable[Verdict | None] | None:
        """Asks the store about domains of which this process does not know how old they are."""
        domain = author_domain(context.authentication)
        if not domain:
            return None
        key = self._digest(domain)
        if key in self._known:
            return None
        first_at = self._fresh.get(key)
        if first_at is not None and self._clock() - first_at < self._limits.fresh:
            return self._never_seen
        return self._look_up(key)

    async def _look_up(self, key: bytes) -> Verdict | None:
        now, limits = self._clock(), self._limits
        seen = (await self._store.find((key,), now)).get(key)
        if seen is None:
            await self._store.add(key, now, now + limits.first)
        first_at = now if seen is None else seen.first_at
        if now - first_at < limits.fresh:
            self._remember(self._fresh, key, first_at)
            return self._never_seen
        await self._store.passed((key,), now, now + limits.known)
        self._fresh.pop(key, None)
        self._remember(self._known, key, first_at)
        return None

    def _remember(self, where: dict[bytes, datetime], key: bytes, first_at: datetime) -> None:
        if len(where) >= self._limits.most:
            del where[next(iter(where))]
        where[key] = first_at

    def _digest(self, domain: str) -> bytes:
        text = domain.encode("utf-8", "surrogateescape")
        # Apart from greylisting's by `person`.
        return hashlib.blake2b(text, digest_size=_KEY_OCTETS, key=self._key, person=b"author-domain").digest()
