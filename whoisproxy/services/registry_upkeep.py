"""Look after our accounts at registries: empty their message queues, clear away what no domain needs.

Of all workers one does so for an account at a time, by a lease. A message is acknowledged only when it is
on disk with all that follows from it; one that comes again, because the acknowledgement was lost, is
known by its id.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from registries.connector import Desk
from registries.errors import RegistryError, RegistryRefused
from whoisproxy.services.outbox_worker import stopped
from whoisproxy.services.registry_contacts import ContactCollector
from whoisproxy.services.registry_messages import MessageIntake
from whoisproxy.services.settings import AccountFacts, Clock
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()

_EVERY_S = 30.0
_SOON_S = 1.0  # after a round that failed; twice as long after each further one
_LEASE = timedelta(seconds=60)


class RegistryUpkeep:
    """Works on every account until it is told to stop."""

    def __init__(  # noqa: PLR0913, PLR0917 - it stands where all parts meet
        self,
        storage: Storage,
        desks: Mapping[AccountFacts, Desk],
        intake: MessageIntake,
        worker_id: str,
        clock: Clock,
        every_s: float = _EVERY_S,
    ) -> None:
        self._storage = storage
        self._desks = desks
        self._intake = intake
        self._collector = ContactCollector(storage, clock)
        self._worker_id = worker_id
        self._clock = clock
        self._every_s = every_s

    async def run(self, stop: asyncio.Event) -> None:
        """Look after all accounts at once, each again and again, until `stop` is set."""
        async with asyncio.TaskGroup() as tasks:
            for account in self._desks:
                tasks.create_task(self._keep_on(account, stop))
            await stop.wait()

    async def _keep_on(self, account: AccountFacts, stop: asyncio.Event) -> None:
        pause_s = _SOON_S
        while not stop.is_set():
            went_well = await self._round(account, stop)
            await stopped(stop, self._every_s if went_well else min(pause_s, self._every_s))
            pause_s = _SOON_S if went_well else min(2 * pause_s, self._every_s)

    async def _round(self, account: AccountFacts, stop: asyncio.Event) -> bool:
        """Look after an account once; return whether all went well."""
        try:
            await self.look_after(account, stop)
        except RegistryError as error:
            # Its text is ours and its cause is logged where it arose.
            _log.warning("registry-upkeep-failed", account=account.name, error=type(error).__name__)
        except Exception:  # noqa: BLE001 - whatever it is, the next round goes on
            _log.exception("registry-upkeep-broken", account=account.name)
        else:
            return True
        return False

    async def look_after(self, account: AccountFacts, stop: asyncio.Event | None = None) -> None:
        """Take messages until there are none, then clear away; nothing while another worker is at it.

        Raises:
            RegistryError: The registry does not answer as it should; what is left waits for the next round.
        """
        desk = self._desks[account]
        while await self._lease(account) and not (stop and stop.is_set()):
            if await self._take_one(account, desk):
                continue
            if not await self._collector.collect(account.name, desk):
                return

    async def _take_one(self, account: AccountFacts, desk: Desk) -> bool:
        """Take the oldest message off the queue; return whether there was one."""
        try:
            message = await desk.next_message()
            if message is None:
                return False
            await self._intake.take(account, message)
            await desk.acknowledge(message.message_id)
        except RegistryRefused as error:
            # A registry may have no message queue; contacts are to be cleared away there too.
            _log.warning("registry-messages-refused", account=account.name, code=error.code)
            return False
        return True

    async def _lease(self, account: AccountFacts) -> bool:
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            return await uow.registry_accounts.lease(account.name, self._worker_id, now, now + _LEASE)
