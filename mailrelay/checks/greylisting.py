"""Let the doubtful come twice (RFC 6647): what sends spam by the million seldom comes back.

Only clients with evidence against them are asked to, on their way to a relay address and to a reply address
alike: were owners let in at once, a stranger could find out which of the two he has. Once a network has come
back often enough its word is taken for some weeks. What was seen is kept in a store that all processes share,
under keyed hashes: no address stands there in the clear. Where the store fails, the check fails, and so
defers, as it would have for whoever is new.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mailrelay.checks.rates import Clock, network_of
from mailrelay.checks.stages import RecipientContext
from mailrelay.checks.verdict import TRY_LATER, Action, Verdict

_KEY_OCTETS = 16


@dataclass(frozen=True, slots=True)
class GreylistLimits:
    """When a second try counts.

    Attributes:
        delay: Tries within it are still the first.
        window: A second try after it is a first one.
        welcome: How long one that came back is not asked again.
        network_passes: So many that came back let in everything from their network, for `welcome`.
    """

    delay: timedelta = timedelta(seconds=60)
    window: timedelta = timedelta(hours=24)
    welcome: timedelta = timedelta(days=36)
    network_passes: int = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the store knows of a key; `passes` counts how often it came back in time."""

    first_at: datetime
    passes: int


class GreylistStore(Protocol):
    """What was seen, for all processes."""

    async def find(self, keys: Sequence[bytes], now: datetime) -> dict[bytes, Seen]:
        """Return what is known and has not expired."""
        ...

    async def add(self, key: bytes, now: datetime, expires_at: datetime) -> None:
        """Keep that a key was first seen now, unless it is known."""
        ...

    async def passed(self, keys: Sequence[bytes], now: datetime, expires_at: datetime) -> None:
        """Count a pass for each key, known or not, and keep it until then."""
        ...


class Greylisting:
    """Defer the first try of the doubtful.

    Args:
        store: Shared between processes.
        key: Secret of at least 32 octets under which addresses are hashed.
        limits: See there.
        clock: Aware UTC.
    """

    name = "greylisting"

    def __init__(self, store: GreylistStore, key: bytes, limits: GreylistLimits, clock: Clock) -> None:
        self._store = store
        self._key = key
        self._limits = limits
        self._clock = clock

    async def __call__(self, context: RecipientContext) -> Verdict | None:
        """A relay address and its reply addresses are one."""
        if not context.sender.evidence or context.route is None:
            return None
        network = network_of(context.sender.connection.peer_ip)
        domain = context.sender.reverse_path.rpartition("@")[2].lower()
        # The domain, not the mailbox: many senders have a return address of its own for each message.
        of_mail, of_network = self._digest(network, domain, context.route.relay_id), self._digest(network)
        if await self._welcome(of_mail, of_network):
            return None
        return Verdict(self.name, Action.DEFER, "first-try", TRY_LATER)

    async def _welcome(self, of_mail: bytes, of_network: bytes) -> bool:
        now, limits = self._clock(), self._limits
        seen = await self._store.find((of_mail, of_network), now)
        mail, network = seen.get(of_mail), seen.get(of_network)
        if network is not None and network.passes >= limits.network_passes:
            return True
        if mail is None:
            await self._store.add(of_mail, now, now + limits.window)
            return False
        if not mail.passes and now - mail.first_at < limits.delay:
            return False
        if not mail.passes:
            await self._store.passed((of_mail, of_network), now, now + limits.welcome)
        return True

    def _digest(self, *parts: str) -> bytes:
        text = "\0".join(parts).encode("utf-8", "surrogateescape")
        return hashlib.blake2b(text, digest_size=_KEY_OCTETS, key=self._key).digest()
