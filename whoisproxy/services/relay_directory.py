"""Who is behind an address: the relay's questions, answered from the storage.

Implements `mailrelay.directory.Directory`. An address that was withdrawn goes on taking mail through its
grace period, whether privacy is on or not; after that, and for a domain that is gone, it never existed.
"""

from mailrelay.directory import Owner, RelayRoute, ReplyRoute
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.privacy import Privacy
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress, ReplyAddress, random_local_part
from whoisproxy.services.mailbox_health import MailboxHealth, mailboxes_of
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


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

    async def find(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        """Return the route of an address, or None where it never existed or is retired."""
        local_part, _, domain = recipient.rpartition("@")
        if domain.casefold() != self._relay_domain.casefold():
            return None
        # Mail servers may change the case of a local part; ours is base32, so case says nothing.
        key = local_part.casefold()
        async with self._storage.reading() as uow:
            relay = await uow.relays.by_local_part(key, self._relay_domain)
            if relay is not None:
                return await self._relay_route(uow, relay)
            reply = await uow.replies.by_local_part(key, self._relay_domain)
            return await self._reply_route(uow, reply) if reply is not None else None

    async def owner(self, relay_id: str) -> Owner | None:
        """Return who gets the relay's mail now, or None when the relay no longer serves anybody."""
        async with self._storage.reading() as uow:
            relay = await uow.relays.by_id(relay_id)
            if relay is None:
                return None
            registration = await self._served(uow, relay)
            if registration is None:
                return None
            privacy = await uow.privacy.get(registration.id)
        return await self._health.in_order(_owner(registration, privacy))

    async def reply_address(self, relay_id: str, correspondent: str) -> str:
        """Return the stable reply address for a correspondent of a relay address, made when needed.

        Raises:
            NotFound: The relay address serves nobody any more.
        """
        async with self._storage.reading() as uow:
            known = await uow.replies.find(relay_id, correspondent)
        if known is not None:
            return known.address
        async with self._storage.unit_of_work() as uow:
            relay = await uow.relays.by_id(relay_id)
            # Locks the domain, so that two deliveries at once make one address.
            if relay is None or await uow.registrations.by_id(relay.domain_id) is None:
                raise NotFound("the relay address serves nobody")
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

    async def _relay_route(self, uow: UnitOfWork, relay: RelayAddress) -> RelayRoute | None:
        registration = await self._served(uow, relay)
        if registration is None:
            return None
        return RelayRoute(
            relay_id=relay.id,
            owner_id=registration.registrant_id,
            domain=registration.name.a_label,
            address=relay.address,
            policy=(await uow.privacy.get(registration.id)).mail_policy,
        )

    async def _reply_route(self, uow: UnitOfWork, reply: ReplyAddress) -> ReplyRoute | None:
        relay = await uow.relays.by_id(reply.relay_id)
        registration = await self._served(uow, relay) if relay is not None else None
        if relay is None or registration is None:
            return None
        return ReplyRoute(
            reply_id=reply.id,
            relay_id=relay.id,
            owner_id=registration.registrant_id,
            domain=registration.name.a_label,
            relay_address=relay.address,
            correspondent=reply.correspondent,
        )

    async def _served(self, uow: UnitOfWork, relay: RelayAddress) -> Registration | None:
        """Return the domain that the address takes mail for now."""
        if not relay.takes_mail(self._clock()):
            return None
        return await uow.registrations.by_id(relay.domain_id)


def _owner(registration: Registration, privacy: Privacy) -> Owner:
    registrant = registration.registrant
    mailboxes = mailboxes_of(registration, privacy)
    place = f"{registrant.postal_code} {registrant.city}".strip()
    return Owner(
        owner_id=registration.registrant_id,
        mailboxes=mailboxes,
        secrets=tuple(dict.fromkeys((*registrant.secrets(), *mailboxes, place))),
        language=registrant.language,
    )
