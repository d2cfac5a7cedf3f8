"""Retire relay addresses whose grace period is over: 550 5.1.1 from then on, for ever."""

import asyncio

import structlog

from whoisproxy.services import relay_addresses
from whoisproxy.services.events import emit
from whoisproxy.services.outbox_worker import stopped
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()


class RelayLifecycle:
    """Looks for expired addresses now and then.

    An address stops taking mail by itself when its grace ends (`RelayAddress.takes_mail`); this only
    writes it down and tells the registrar.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def run(self, stop: asyncio.Event, every_s: float = 60.0) -> None:
        """Look every `every_s` seconds until `stop` is set."""
        while not await stopped(stop, every_s):
            try:
                await self.retire_expired()
            except Exception:  # noqa: BLE001 - whatever it is, the next look goes on
                # The database may be away for a while; the next look makes up for this one.
                _log.exception("relay-retirement-failed")

    async def retire_expired(self) -> int:
        """Retire what has expired; return how many addresses that were."""
        async with self._storage.reading() as uow:
            expired = {relay.domain_id for relay in await uow.relays.expired(self._clock())}
        return sum([await self._retire(domain_id) for domain_id in sorted(expired)])

    async def _retire(self, domain_id: str) -> int:
        async with self._storage.unit_of_work() as uow:
            # Locks the domain, so that no switch publishes an address again meanwhile.
            registration = await uow.registrations.by_id(domain_id)
            now = self._clock()
            expired = [
                relay
                for relay in await uow.relays.of_domain(domain_id)
                if relay.grace_until is not None and not relay.takes_mail(now)
            ]
            for relay in expired:
                await relay_addresses.retire(uow, relay)
                if registration is not None:
                    name, data = registration.name.a_label, {"relay_id": relay.id}
                    await emit(uow, registration.registrar_id, "relay.retired", name, data, self._clock)
        return len(expired)
