"""An owner's held mail on his pages, for all of his domains at once, wherever their mail goes.

Whoever calls has made sure who asks; what changes something looks again whether he is still signed in.
"""

from mailrelay.queue.entry import Direction
from mailrelay.queue.log import LogQuery
from mailrelay.queue.store import QueueStore
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.quarantine import HELD, Decided, Decision, HeldMessage, Speaker
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.quarantine import MOST, OpenedMessage, QuarantineService
from whoisproxy.services.quarantine_decisions import QuarantineDecisions
from whoisproxy.storage.unit_of_work import Storage


class OwnerQuarantine:
    """Lists, opens and decides, for an account.

    Args:
        storage: The database.
        queue: Has the messages.
        sessions: Knows who is signed in.
        messages: Finds held mail.
        decisions: Carries out what is said of it.
    """

    def __init__(
        self,
        storage: Storage,
        queue: QueueStore,
        sessions: OwnerSessions,
        messages: QuarantineService,
        decisions: QuarantineDecisions,
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._sessions = sessions
        self._messages = messages
        self._decisions = decisions

    async def held(self, account: OwnerAccount) -> tuple[HeldMessage, ...]:
        """Return what is held for an owner, in the order in which it is shown."""
        his = (account.registrar_id, account.owner_index)
        async with self._storage.reading() as uow:
            found = await uow.owned_mail.addresses(*his)
        query = LogQuery(found.relay_ids, found.holder_ids, (Direction.FORWARD,), HELD)
        records = await self._queue.logged(query, MOST) if found.relay_ids else []
        async with self._storage.reading() as uow:
            relays = await uow.owned_mail.relays(*his, [one.relay_id for one in records])
        return self._messages.arranged(records, relays)

    async def open(self, account: OwnerAccount, message_id: str) -> OpenedMessage | None:
        """Return a message that is or was held for an owner; None where it is not his."""
        found = await self._messages.find(message_id)
        if found is None:
            return None
        async with self._storage.reading() as uow:
            relays = await uow.owned_mail.relays(
                account.registrar_id, account.owner_index, [found.held.record.relay_id]
            )
        return await self._messages.open(message_id) if relays else None

    async def decide(
        self, found: FoundSession, message: OpenedMessage, decision: Decision, *, sure: bool
    ) -> Decided:
        """Do what an owner says about a message that `open` has returned; see `QuarantineDecisions.decide`.

        Raises:
            NotFound: He has been signed out meanwhile, or the message is his no more.
            InvalidInput: As there.
        """
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
        still = await self.open(account, message.held.id) if account else None
        if still is None:
            raise NotFound("nobody is signed in, or the message is another's")
        return await self._decisions.decide(still, decision, Speaker.OWNER, sure=sure)

    async def now(self, message: OpenedMessage) -> OpenedMessage | None:
        """Return a message that `open` has returned as it stands now, unopened."""
        return await self._messages.find(message.held.id)
