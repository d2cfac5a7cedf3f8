"""Who is behind an address: the relay's questions, answered from the storage.

Implements `mailrelay.directory.Directory`. Each answer tells what is committed when it is asked for: nothing
is remembered. An address that was withdrawn goes on taking mail through its grace period, whether privacy is
on or not; after that, and for a domain that is gone, it never existed.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailrelay.directory import Admission, Delivery, Opening, Owner, RelayRoute, ReplyRoute
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.registrant import Registrant
from whoisproxy.services.mailbox_health import MailboxHealth, mailboxes_of
from whoisproxy.services.settings import Clock
from whoisproxy.storage.gathering import Gathering, mail_route_question
from whoisproxy.storage.repositories.mail_routes import (
    MailRoutes,
    ServedAddress,
    ServedDelivery,
    ServedReply,
)
from whoisproxy.storage.repositories.replies import Wish
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork
from whoisproxy.storage.vault import normalised_mailbox

_Pair = tuple[str, Opening]
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
        self._served = mail_route_question(storage, self._find_all)
        self._served_at_door = mail_route_question(storage, self._find_all_at_door)
        self._served_delivery = mail_route_question(storage, self._deliver_all)
        self._admission = mail_route_question(storage, self._admit_all)
        # Two deliveries of one correspondent at once make one address: the second finds it.
        self._replies: Gathering[Wish, str] = Gathering(
            storage.unit_of_work,
            self._reply_all,
            lambda wish: (wish.relay_id, normalised_mailbox(wish.opening.correspondent), wish.opening.thread),
        )

    async def find(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        """Return the route of an address, or None where it never existed or is retired."""
        local_part = self._local_part(recipient)
        return self._route(await self._served(local_part)) if local_part else None

    async def find_at_door(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        """Return the same, and leave sealed who is answered."""
        local_part = self._local_part(recipient)
        return self._route(await self._served_at_door(local_part)) if local_part else None

    async def delivery(self, recipient: str, opening: Opening) -> Delivery | None:
        """Return where a message of a correspondent to a relay address goes, or None for nowhere."""
        local_part = self._local_part(recipient)
        served = await self._served_delivery((local_part, opening)) if local_part else None
        if served is None:
            return None
        if not opening.correspondent:
            reply_address = self._address(served.address.local_part)
        elif served.reply_local_part:
            reply_address = self._address(served.reply_local_part)
        else:
            reply_address = await self.reply_address(served.address.relay_id, opening)
        owner = _owner(
            served.address.registrant_id,
            served.registrant,
            served.forward_to,
            served.settings,
            served.pages_host,
        )
        return Delivery(
            self._relay_route(served.address),
            await self._health.in_order(owner),
            reply_address,
        )

    async def owner(self, relay_id: str) -> Owner | None:
        """Return who gets the relay's mail now, or None when the relay no longer serves anybody."""
        async with self._storage.reading() as uow:
            relay = await uow.relays.by_id(relay_id)
            if relay is None or not relay.takes_mail(self._clock()):
                return None
            registration = await uow.registrations.by_id(relay.domain_id)
            if registration is None:
                return None
            owner_id = registration.registrant_id
            privacy = await uow.privacy.get(registration.id)
            settings = await uow.correspondence.settings(registration.id, owner_id)
            look = await uow.appearances.of_registrar(registration.registrar_id)
        host = look.host if look else ""
        return await self._health.in_order(
            _owner(owner_id, registration.registrant, privacy.forward_to, settings, host)
        )

    async def person(self, owner_id: str) -> Owner | None:
        """Return a registrant with his own mailbox, or None when he is known no more."""
        async with self._storage.reading() as uow:
            found = await uow.registrations.of_registrants([owner_id])
        if not found:
            return None
        registrant = found[0].registrant
        return Owner(owner_id, (registrant.email,), registrant.identity(), registrant.language)

    async def admission(self, relay_id: str, senders: Sequence[str]) -> Admission:
        """Return where its owner may answer from and the rules about senders, in one look-up."""
        return await self._admission((relay_id, senders))

    async def reply_address(self, relay_id: str, opening: Opening) -> str:
        """Return the stable reply address for a correspondent's thread, made when needed.

        Raises:
            NotFound: The relay address serves nobody any more.
        """
        return await self._replies.ask(Wish(relay_id, opening))

    def _local_part(self, recipient: str) -> str:
        """Return the local part as it is stored, empty for an address of another domain."""
        local_part, _, domain = recipient.rpartition("@")
        # Mail servers may change the case of a local part; ours is base32, so case says nothing.
        return local_part.casefold() if domain.casefold() == self._relay_domain.casefold() else ""

    async def _find_all(self, routes: MailRoutes, local_parts: Sequence[str]) -> list[_Served]:
        found = await routes.routes({*local_parts}, self._relay_domain, self._clock())
        return [found.get(each) for each in local_parts]

    async def _find_all_at_door(self, routes: MailRoutes, local_parts: Sequence[str]) -> list[_Served]:
        found = await routes.routes({*local_parts}, self._relay_domain, self._clock(), opened=False)
        return [found.get(each) for each in local_parts]

    async def _admit_all(
        self, routes: MailRoutes, asks: Sequence[tuple[str, Sequence[str]]]
    ) -> list[Admission]:
        return await routes.admissions(asks, self._clock())

    async def _deliver_all(self, routes: MailRoutes, pairs: Sequence[_Pair]) -> list[ServedDelivery | None]:
        return await routes.deliveries(pairs, self._relay_domain, self._clock())

    async def _reply_all(self, uow: UnitOfWork, wishes: Sequence[Wish]) -> list[str | Exception]:
        made = await uow.replies.ensure(wishes, self._relay_domain, self._clock())
        return [
            NotFound("the relay address serves nobody") if each is None else self._address(each)
            for each in made
        ]

    def _route(self, served: _Served) -> RelayRoute | ReplyRoute | None:
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
            opening=served.opening,
        )

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


def _owner(
    owner_id: str, registrant: Registrant, forward_to: str, settings: MailSettings, pages_host: str
) -> Owner:
    mailboxes = mailboxes_of(registrant, forward_to)
    identity = registrant.identity(mailboxes)
    return Owner(
        owner_id=owner_id,
        mailboxes=mailboxes,
        identity=replace(identity, others=settings.identifiers, released=frozenset(settings.released)),
        language=registrant.language,
        wishes=settings.wishes(),
        pages_host=pages_host,
    )
