"""Mail that checks hold, as its owner, his registrar and the operator see it: lists, and a look at one.

Whoever calls has made sure who asks: a signed link is its owner's, an API key its registrar's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, MessageRecord
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.held_letter import Letter, read_letter, read_sender, read_subject
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import NotFound
from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.quarantine import HELD, HeldMessage, Quarantine
from whoisproxy.domain.registration import Registration
from whoisproxy.services.holding import hold
from whoisproxy.services.quarantine_authors import is_proven
from whoisproxy.services.quarantine_owners import OwnedDomain, language_of, owned_by, quarantines_of, wish_of
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage

MOST = 5_000
"""Held messages that are looked at for a list: the newest, then sorted."""

_RELAYS_AT_ONCE = 500


class Holder(Protocol):
    """Whose mail comes by a relay address: a registration, or what is known of one without opening it."""

    @property
    def name(self) -> DomainName:
        """Of the domain."""
        ...

    @property
    def registrant_id(self) -> str:
        """Of who holds it now."""
        ...


@dataclass(frozen=True, slots=True)
class OwnersQuarantine:
    """All that is held for an owner.

    Attributes:
        messages: In the order in which they are shown.
        language: BCP 47 tag of the owner's.
    """

    quarantine: Quarantine
    messages: tuple[HeldMessage, ...]
    language: str
    wish: DigestWish


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """A held message as its owner may look at it.

    Attributes:
        letter: None where it is held no more.
        proven: Whether DMARC, or an aligned DKIM or SPF, has shown that the author wrote it.
    """

    held: HeldMessage
    registration: Registration = field(repr=False)
    letter: Letter | None = field(default=None, repr=False)
    proven: bool = False


class QuarantineService:
    """Shows what is held.

    Args:
        storage: The database.
        queue: Has the messages.
        clock: Gives aware UTC.
        keep: How long held mail is kept.
    """

    def __init__(self, storage: Storage, queue: QueueStore, clock: Clock, keep: timedelta) -> None:
        self._storage = storage
        self._queue = queue
        self._clock = clock
        self._keep = keep

    async def of_domain(
        self, registrar: Registrar, name: DomainName, *, whole_owner: bool = False
    ) -> tuple[HeldMessage, ...]:
        """Return what is held for a domain, or for all of its owner's domains at the registrar.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            registration = await hold(uow, registrar, name)
            if not whole_owner:
                relays = await uow.relays.of_domain(registration.id)
                return await self.held({one.id: registration for one in relays})
        found = await self.of_owner((await self.of_registration(registration)).id)
        return found.messages if found else ()

    async def held_for(self, name: DomainName) -> tuple[OpenedMessage, ...]:
        """Return what is held for a domain, whichever registrar's it is; for its owner only."""
        async with self._storage.reading() as uow:
            registration = await uow.registrations.by_name(name)
            relays = await uow.relays.of_domain(registration.id) if registration else []
        if registration is None:
            return ()
        held = await self.held({one.id: registration for one in relays})
        return tuple([OpenedMessage(one, registration) for one in held])

    async def of_registration(self, registration: Registration) -> Quarantine:
        """Return the quarantine that a domain belongs to."""
        return (await quarantines_of(self._storage, [registration], self._clock()))[registration.id]

    async def of_owner(self, quarantine_id: str) -> OwnersQuarantine | None:
        """Return all that is held for an owner; None where no domain is his any more."""
        async with self._storage.reading() as uow:
            quarantine = await uow.quarantines.by_id(quarantine_id)
            domains = await owned_by(uow, quarantine) if quarantine else ()
            if quarantine is None or not domains:
                return None
            language = await language_of(uow, quarantine, domains[0].registration.registrant.language)
        messages = await self.held(of_relays(domains))
        return OwnersQuarantine(quarantine, messages, language, wish_of(domains))

    async def wish(self, quarantine_id: str, wish: DigestWish) -> OwnersQuarantine | None:
        """Store how often an owner wants to be told, for all of his domains; None as for `of_owner`."""
        async with self._storage.reading() as uow:
            quarantine = await uow.quarantines.by_id(quarantine_id)
            domains = await owned_by(uow, quarantine) if quarantine else ()
        async with self._storage.unit_of_work() as uow:
            owners = {one.registration.id: one.registration.registrant_id for one in domains}
            await uow.correspondence.wish_digests(owners, wish, self._clock())
        return await self.of_owner(quarantine_id)

    async def find(self, message_id: str, registrar: Registrar | None = None) -> OpenedMessage | None:
        """Return a message that is or was held, and its domain, unopened.

        Args:
            message_id: Of a message to a relay address.
            registrar: Whose domain it must be, where not every registrar's will do.

        Returns:
            None where there is no such message, or the holder of its domain is another since.
        """
        record = await self._queue.get(message_id)
        if record is None or record.direction is not Direction.FORWARD:
            return None
        async with self._storage.reading() as uow:
            relay = await uow.relays.by_id(record.relay_id)
            registration = await uow.registrations.by_id(relay.domain_id) if relay else None
        if registration is None or registration.registrant_id != record.owner_id:
            return None
        if registrar is not None and registration.registrar_id != registrar.id:
            return None
        return OpenedMessage(self._message(record, registration), registration)

    async def open(self, message_id: str) -> OpenedMessage | None:
        """Return a message that is or was held, with what may be shown of it; None as for `find`."""
        found = await self.find(message_id)
        queued = await self._queue.kept(message_id) if found and found.held.is_held else None
        if found is None or queued is None:
            return found
        message = RawMessage.parse(queued.raw)
        return OpenedMessage(found.held, found.registration, read_letter(message), is_proven(queued, message))

    async def heading(self, held: HeldMessage) -> tuple[str, str]:
        """Return author and subject of a held message as lines; both empty where it is held no more."""
        queued = await self._queue.kept(held.id)
        if queued is None:
            return "", ""
        message = RawMessage.parse(queued.raw)
        return read_sender(message)[0], read_subject(message)

    async def held(self, registrations: Mapping[str, Holder]) -> tuple[HeldMessage, ...]:
        """Return what is held for relay addresses, in the order in which it is shown."""
        ids, records = list(registrations), list[MessageRecord]()
        for start in range(0, len(ids), _RELAYS_AT_ONCE):
            records += await self._queue.of_relay(ids[start : start + _RELAYS_AT_ONCE], MOST, states=HELD)
        newest = sorted(records, key=lambda one: one.id, reverse=True)[:MOST]
        return self.arranged(newest, registrations)

    def arranged(
        self, records: Iterable[MessageRecord], holders: Mapping[str, Holder]
    ) -> tuple[HeldMessage, ...]:
        """Return those of some messages that are held, in the order in which they are shown.

        Args:
            records: The messages.
            holders: Who holds the domains now, by relay id.
        """
        found = [
            self._message(one, holders[one.relay_id])
            for one in records
            # What was written to the holder before is not for this one.
            if one.relay_id in holders and one.owner_id == holders[one.relay_id].registrant_id
        ]
        return tuple(sorted([one for one in found if one.is_held], key=lambda one: one.place))

    def _message(self, record: MessageRecord, registration: Holder) -> HeldMessage:
        return HeldMessage(record, registration.name.a_label, record.updated_at + self._keep)


def of_relays(domains: Sequence[OwnedDomain]) -> dict[str, Registration]:
    """Return the domain of each relay address."""
    return {relay.id: one.registration for one in domains for relay in one.relays}


def demanded(found: OpenedMessage | None) -> OpenedMessage:
    """Return a message that must be there.

    Raises:
        NotFound: It is not, or belongs to another.
    """
    if found is None:
        raise NotFound("you have no message of that id")
    return found
