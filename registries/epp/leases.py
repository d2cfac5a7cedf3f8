"""Leases: the right to have one session open at a registry account.

A registry counts the sessions of an account, whichever process or machine they come from. Who shares an
account with others therefore takes a lease before connecting, renews it while the session is open, and gives
it back after the session is closed. A lease that nobody renews ends, and another may have it; so a holder
that could not renew closes its session before that.
"""

import math
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Protocol

from registries.epp.standing import Admission, Standing, admitted, after_login, cap_now, probing


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to one session.

    Attributes:
        use_until: Moment of `time.monotonic()` by which the session must be closed unless the lease was
            renewed; well before another may have the lease.
        probe: Whether its login tries credentials that the registry has not accepted yet; its end is then
            reported in any case.
    """

    id: str
    use_until: float
    probe: bool


class Demand(IntEnum):
    """What other processes want of the account."""

    NONE = 0
    MORE = 1  # one waits for a session more: idle ones should go
    FIRST = 2  # one waits and has none at all: a busy one should go, too


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a renewal brought.

    Attributes:
        held: Ids of the leases that are still ours.
        use_until: As in `Lease`, for all of them.
    """

    held: frozenset[str]
    use_until: float
    demand: Demand = Demand.NONE


class SessionLeases(Protocol):
    """Gives leases on the sessions of one account.

    Every method raises RegistryUnavailable where the leases cannot be asked now.

    Attributes:
        renew_s: How often to renew, and to look at the clock whether `use_until` has come: it is early enough
            for that.
    """

    renew_s: float

    async def acquire(self, cap: int) -> Lease | None:
        """Take a lease unless `cap` are taken; None asks to come again soon.

        Raises:
            AccountStopped: The registry refused the account's credentials.
        """
        ...

    async def renew(self, held: Collection[str]) -> Renewal:
        """Renew leases by their ids."""
        ...

    async def release(self, lease_id: str) -> None:
        """Give a lease back; its session is closed."""
        ...

    async def report(self, code: int) -> None:
        """Tell how a login ended: its EPP result code, or `NO_ANSWER`."""
        ...


def utc_now() -> datetime:
    """Return the time: aware UTC."""
    return datetime.now(UTC)


class LocalLeases:
    """Leases of a process that shares its account with no other; they do not end."""

    renew_s = 5.0

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._standing = Standing()
        self._held: set[str] = set()

    async def acquire(self, cap: int) -> Lease | None:
        """Take a lease unless as many are taken as may be."""
        now = self._clock()
        admission = admitted(self._standing, _OWN, now)
        if admission is Admission.WAIT or len(self._held) >= cap_now(self._standing, cap, now):
            return None
        if admission is Admission.PROBE:
            self._standing = probing(self._standing, now)
        lease = Lease(secrets.token_hex(16), math.inf, probe=admission is Admission.PROBE)
        self._held.add(lease.id)
        return lease

    async def renew(self, held: Collection[str]) -> Renewal:
        """Return all of them."""
        return Renewal(frozenset(self._held.intersection(held)), math.inf)

    async def release(self, lease_id: str) -> None:
        """Give a lease back."""
        self._held.discard(lease_id)

    async def report(self, code: int) -> None:
        """Tell how a login ended."""
        self._standing = after_login(self._standing, _OWN, code, len(self._held), self._clock())


# A process has one set of credentials; only several need to tell theirs apart.
_OWN = b"own"
