"""Who is behind an address: the relay's questions, answered from the storage.

Implements `mailrelay.directory.Directory`. What several sessions ask at the same time shares one statement,
and tells what is committed when it runs: nothing is remembered. An address that was withdrawn goes on taking
mail through its grace period, whether privacy is on or not; after that, and for a domain that is gone, it
never existed.
"""

from collections.abc import Sequence

from mailrelay.directory import Delivery, Owner, RelayRoute, ReplyRoute
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.relay import RelayAddress, ReplyAddress, random_local_part
from whoisproxy.services.mailbox_health import MailboxHealth, mailboxes_of
from whoisproxy.services.settings import Clock
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.repositories.mail_routes import ServedAddress, ServedDelivery, ServedReply
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork
from whoisproxy.storage.vault import normalised_mailbox

_Pair = tuple[str, str]
_Served = ServedAddress | ServedReply | None


class RelayDirectory:
    """Relay and reply addresses below one relay domain.

    Args:
        storage: The host's.
        relay_domain: Domain of the addresses.
        clock: Gives aware UTC.
        health: Knows which mailboxes refuse mail.
    """

    def __init__(self, storage: Storage, relay_domain: str, clock: Clock, health: MailboxHealth) -> None:
        self._storage = storage
        self._health = health
        self._relay_domain = relay_domain
        self._clock = clock
        self._finds: Gathering[str, _Served] = Gathering(storage.reading, self._find_all)
        self._deliveries: Gathering[_Pair, ServedDelivery | None] = Gathering(
            storage.reading, self._deliver_all
        )
        # Two deliveries of one correspondent at once make one address: the second finds it.
        self._replies: Gathering[_Pair, str] = Gathering(
            storage.unit_of_work, self._reply_all, lambda pair: (pair[0], normalised_mailbox(pair[1]))
        )

    async def find(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        """Return the route of an address, or None where it never existed or is retired."""
        local_part = self._local_part(recipient)
        served = await self._finds.ask(local_part) if local_part else None
        if served is None:
            return None
        if isinstance(served, ServedAddress):
            return self._relay_route(served)
        return ReplyRoute(
            reply_id=served.reply_id,
            relay_id=served.relay_id,
            owner_id=served.registrant_id,
            domain=served.domain,
            relay_address=self._address(served.relay_local_part),
            correspondent=served.correspondent,
        )

    async def delivery(self, recipient: str, correspondent: str) -> Delivery | None:
        """Return where a message from `correspondent` to a relay address goes, or None for nowhere."""
        local_part = self._local_part(recipient)
        served = await self._deliveries.ask((local_part, correspondent)) if local_part else None
        if served is None:
            return None
        if not correspondent:
            reply_address = self._address(served.address.local_part)
        elif served.reply_local_part:
            reply_address = self._address(served.reply_local_part)
        else:
            reply_address = await self.reply_address(served.address.relay_id, correspondent)
        owner = _owner(served.address.registrant_id, served.registrant, served.forward_to)
        return Delivery(self._relay_route(served.address), await self._health.in_order(owner), reply_address)

    async def owner(self, relay_id: str) -> Owner | None:
        """Return who gets the relay's mail now, or None when the relay no longer serves anybody."""
        async with self._storage.reading() as uow:
            relay = await uow.relays.by_id(relay_id)
            if relay is None or not relay.takes_mail(self._clock()):
                return None
            registration = await uow.registrations.by_id(relay.domain_id)
            if registration is None:
                return None
            privacy = await uow.privacy.get(registration.id)
        return await self._health.in_order(
            _owner(registration.registrant_id, registration.registrant, privacy.forward_to)
        )

    async def reply_address(self, relay_id: str, correspondent: str) -> str:
        """Return the stable reply address for a correspondent of a relay address, made when needed.

        Raises:
            NotFound: The relay address serves nobody any more.
        """
        return await self._replies.ask((relay_id, correspondent))

    def _local_part(self, recipient: str) -> str:
        """Return the local part as it is stored, empty for an address of another domain."""
        local_part, _, domain = recipient.rpartition("@")
        # Mail servers may change the case of a local part; ours is base32, so case says nothing.
        return local_part.casefold() if domain.casefold() == self._relay_domain.casefold() else ""

    async def _find_all(self, uow: UnitOfWork, local_parts: Sequence[str]) -> list[_Served]:
        now = self._clock()
        relays = await uow.mail_routes.addresses({*local_parts}, self._relay_domain, now)
        others = {*local_parts} - relays.keys()
        replies = await uow.mail_routes.replies(others, self._relay_domain, now) if others else {}
        return [relays.get(each) or replies.get(each) for each in local_parts]

    async def _deliver_all(self, uow: UnitOfWork, pairs: Sequence[_Pair]) -> list[ServedDelivery | None]:
        return await uow.mail_routes.deliveries(pairs, self._relay_domain, self._clock())

    async def _reply_all(self, uow: UnitOfWork, pairs: Sequence[_Pair]) -> list[str | Exception]:
        return [await self._reply(uow, relay_id, correspondent) for relay_id, correspondent in pairs]

    async def _reply(self, uow: UnitOfWork, relay_id: str, correspondent: str) -> str | Exception:
        relay = await uow.relays.by_id(relay_id)
        # Locks the domain, so that two processes at once make one address.
        if relay is None or await uow.registrations.by_id(relay.domain_id) is None:
            return NotFound("the relay address serves nobody")
        known = await uow.replies.find(relay_id, correspondent)
        return (known or await self._make(uow, relay, correspondent)).address

    async def _make(self, uow: UnitOfWork, relay: RelayAddress, correspondent: str) -> ReplyAddress:
        now = self._clock()
        reply = ReplyAddress(
            id=new_id("rpl", now),
            relay_id=relay.id,
            domain_id=relay.domain_id,
            local_part=random_local_part(),
            relay_domain=self._relay_domain,
            correspondent=correspondent,
            created_at=now,
        )
        await uow.replies.add(reply)
        return reply

    def _relay_route(self, served: ServedAddress) -> RelayRoute:
        return RelayRoute(
            relay_id=served.relay_id,
            owner_id=served.registrant_id,
            domain=served.domain,
            address=self._address(served.local_part),
            policy=served.mail_policy,
        )

    def _address(self, local_part: str) -> str:
        return f"{local_part}@{self._relay_domain}"


def _owner(owner_id: str, registrant: Registrant, forward_to: str) -> Owner:
    mailboxes = mailboxes_of(registrant, forward_to)
    return Owner(
        owner_id=owner_id,
        mailboxes=mailboxes,
        identity=registrant.identity(mailboxes),
        language=registrant.language,
    )
