"""Leases on registry sessions in the database: the cap holds over all processes and machines.

A lease ends by the database's clock, `lease_s` after it was given or renewed. Its holder counts half of that
by its own clock, from the moment before it asked: whatever the network does meanwhile, the holder is done
first.
"""

import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from registries.epp.leases import Lease, Renewal
from registries.epp.standing import Admission, admitted, after_login, cap_now, probing, resumed
from registries.errors import RegistryUnavailable
from whoisproxy.storage.repositories.registry_sessions import Guest, RegistrySessions
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

LEASE_S = 30.0
_RENEWALS = 10  # in the time of a lease


class StoredLeases:
    """The leases of one account; implements `registries.epp.leases.SessionLeases`.

    Attributes:
        renew_s: A tenth of the time of a lease.
    """

    def __init__(
        self,
        storage: Storage,
        account: str,
        credentials: str,
        *,
        lease_s: float = LEASE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Describe leases; nothing is written yet.

        Args:
            storage: The database of all who share the account.
            account: Its name in the settings, the same for all of them.
            credentials: What the login is tried with; only a keyed fingerprint is kept.
            lease_s: How long a lease lasts without renewal.
            monotonic: The clock of the pool.
        """
        self.renew_s = lease_s / _RENEWALS
        self._storage = storage
        self._account = account
        self._credentials = credentials
        self._lease = timedelta(seconds=lease_s)
        self._monotonic = monotonic
        self._holder = secrets.token_hex(16)
        self._place = secrets.token_hex(16)

    async def acquire(self, cap: int) -> Lease | None:
        """Take a lease unless as many are taken, or waited for, as may be; then wait in line."""
        use_until = self._use_until()
        async with self._desk() as (uow, now):
            desk = uow.registry_sessions
            standing = await desk.standing(self._account)
            admission = admitted(standing, await self._fingerprint(uow), now)
            if admission is Admission.WAIT:
                return None
            guests = await desk.guests(self._account)
            if guests.held + guests.ahead_of(self._place) >= cap_now(standing, cap, now):
                await self._wait_in_line(desk, now)
                return None
            if admission is Admission.PROBE:
                await desk.save(self._account, probing(standing, now))
            await desk.remove(self._place)
            lease = Lease(secrets.token_hex(16), use_until, probe=admission is Admission.PROBE)
            await desk.add(self._account, Guest(lease.id, self._holder, held=True), now, now + self._lease)
        return lease

    async def _wait_in_line(self, desk: RegistrySessions, now: datetime) -> None:
        # Whoever stops asking loses the place soon.
        until = now + timedelta(seconds=self.renew_s)
        if not await desk.prolong([self._place], until):
            await desk.add(self._account, Guest(self._place, self._holder, held=False), now, until)

    async def renew(self, held: Collection[str]) -> Renewal:
        """Renew leases, and learn what other processes want."""
        use_until = self._use_until()
        async with self._desk() as (uow, now):
            still = await uow.registry_sessions.prolong(held, now + self._lease)
            guests = await uow.registry_sessions.guests(self._account)
        return Renewal(still, use_until, guests.demand_on(self._holder))

    async def release(self, lease_id: str) -> None:
        """Give a lease back."""
        async with self._desk() as (uow, _):
            await uow.registry_sessions.remove(lease_id)

    async def report(self, code: int) -> None:
        """Tell every process how a login ended."""
        async with self._desk() as (uow, now):
            desk = uow.registry_sessions
            standing = await desk.standing(self._account)
            held = (await desk.guests(self._account)).held
            after = after_login(standing, await self._fingerprint(uow), code, held, now)
            await desk.save(self._account, after)

    @asynccontextmanager
    async def _desk(self) -> AsyncIterator[tuple[UnitOfWork, datetime]]:
        """Begin to decide on the account, alone."""
        try:
            async with self._storage.unit_of_work() as uow:
                yield uow, await uow.registry_sessions.enter(self._account)
        except (SQLAlchemyError, OSError) as error:
            raise RegistryUnavailable(
                f"the leases on its sessions cannot be asked now ({type(error).__name__})"
            ) from error

    def _use_until(self) -> float:
        return self._monotonic() + self._lease.total_seconds() / 2

    async def _fingerprint(self, uow: UnitOfWork) -> bytes:
        return await uow.sealing.index(f"registry-credentials:{self._account}", self._credentials)


async def resume(storage: Storage, account: str) -> bool:
    """Lift the stop of an account; return whether there was one."""
    async with storage.unit_of_work() as uow:
        await uow.registry_sessions.enter(account)
        standing = await uow.registry_sessions.standing(account)
        if standing.stopped:
            await uow.registry_sessions.save(account, resumed(standing))
    return standing.stopped
