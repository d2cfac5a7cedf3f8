"""What was relayed and what was kept back for a domain, and what its owner says about the latter."""

from mailrelay.queue.entry import MessageRecord
from mailrelay.queue.store import QueueStore
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.services.holding import hold
from whoisproxy.storage.unit_of_work import Storage


class Mailbox:
    """A registrar's view of its domains' mail: envelope and verdicts, no text."""

    def __init__(self, storage: Storage, queue: QueueStore) -> None:
        self._storage = storage
        self._queue = queue

    async def list(
        self, registrar: Registrar, name: DomainName, after: str, limit: int
    ) -> tuple[MessageRecord, ...]:
        """Return up to `limit` messages of a domain, newest first; `after` is the last id seen.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            registration = await hold(uow, registrar, name)
            relays = await uow.relays.of_domain(registration.id)
        return tuple(await self._queue.of_relay([relay.id for relay in relays], limit, after))

    async def release(self, registrar: Registrar, message_id: str) -> None:
        """Send a message on that is kept back, or that waits for another attempt.

        An answer that shows its owner is held again: only he lets that pass, by the link that he was sent.

        Raises:
            NotFound: The registrar has no such message of that id.
        """
        await self._demand_own(registrar, message_id)
        if not (await self._queue.release(message_id) or await self._queue.retry(message_id)):
            raise NotFound("no message of that id is kept back or waits")

    async def discard(self, registrar: Registrar, message_id: str) -> None:
        """Throw a message away that was kept back.

        Raises:
            NotFound: The registrar has no message of that id that is kept back.
        """
        await self._demand_own(registrar, message_id)
        if not await self._queue.discard(message_id):
            raise NotFound("no message of that id is kept back")

    async def _demand_own(self, registrar: Registrar, message_id: str) -> None:
        record = await self._queue.get(message_id)
        if record is not None:
            async with self._storage.reading() as uow:
                relay = await uow.relays.by_id(record.relay_id)
                registration = await uow.registrations.by_id(relay.domain_id) if relay else None
            if registration is not None and registration.registrar_id == registrar.id:
                return
        raise NotFound("you have no message of that id")
