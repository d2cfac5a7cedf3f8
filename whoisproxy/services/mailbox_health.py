"""Which mailboxes of registrants refuse mail: the relay's reports, and the order in which to use mailboxes.

Implements `mailrelay.directory.MailboxHealth`. What is suspect is few rows, read into memory every few
seconds, so that delivery to a good mailbox asks the database nothing. Registrars learn by the event
`relay.delivery_failed`, which carries ids, status and reason, and no mailbox.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from mailrelay.directory import MailboxFailure, MailboxRest, Owner
from whoisproxy.domain.mailbox_health import SuspectMailbox, newly_suspect
from whoisproxy.domain.registrant import Registrant
from whoisproxy.services.events import emit
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

DELIVERY_FAILED = "relay.delivery_failed"
_FRESH = timedelta(seconds=5)

_ByOwner = dict[str, dict[bytes, SuspectMailbox]]


class MailboxHealth:
    """The state of registrants' mailboxes, shared by every process through the database."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._suspects: _ByOwner = {}
        self._read_at: datetime | None = None

    async def in_order(self, owner: Owner) -> Owner:
        """Return the owner with his mailboxes in the order to use, and what is known against them."""
        suspects = (await self._known()).get(owner.owner_id)
        if suspects is None:
            return owner
        indexes = await self._indexes(owner.mailboxes)
        against = {mailbox: suspects[index] for mailbox, index in indexes.items() if index in suspects}
        return _ordered(owner, against, self._clock())

    async def failed(self, failure: MailboxFailure) -> MailboxRest | None:
        """Note a failure and return the rest that follows; None where a mailbox may be tried now."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            relay = await uow.relays.by_id(failure.relay_id)
            registration = await uow.registrations.by_id(relay.domain_id) if relay else None
            if registration is None:
                return None
            mailboxes = mailboxes_of(
                registration.registrant, (await uow.privacy.get(registration.id)).forward_to
            )
            suspects = await _suspects(uow, registration.registrant_id, mailboxes)
            mailbox = _meant(failure.mailbox, mailboxes, suspects, now)
            before = suspects.get(mailbox)
            suspects[mailbox] = await _worse(uow, registration.registrant_id, mailbox, before, now)
            if suspects[mailbox] != before:
                data = _event_data(failure, suspects[mailbox], now)
                name = registration.name.a_label
                await emit(uow, registration.registrar_id, DELIVERY_FAILED, name, data, self._clock)
        self._read_at = None
        return _rest(mailboxes, suspects, now)

    async def worked(self, relay_id: str, mailbox: str) -> None:
        """Note that a suspect took mail: it is none any more."""
        async with self._storage.unit_of_work() as uow:
            relay = await uow.relays.by_id(relay_id)
            registration = await uow.registrations.by_id(relay.domain_id) if relay else None
            if registration is not None:
                index = await uow.suspect_mailboxes.index(mailbox)
                await uow.suspect_mailboxes.remove(registration.registrant_id, index)
        self._read_at = None

    async def may_tell(self, relay_id: str, correspondent: str) -> bool:
        """Return True once per correspondent and relay address, until a mailbox works again."""
        async with self._storage.unit_of_work() as uow:
            relay = await uow.relays.by_id(relay_id)
            registration = await uow.registrations.by_id(relay.domain_id) if relay else None
            if registration is None:
                return False
            owner_id = registration.registrant_id
            return await uow.suspect_mailboxes.tell(owner_id, relay_id, correspondent, self._clock())

    async def _known(self) -> _ByOwner:
        now = self._clock()
        if self._read_at is None or not self._read_at <= now < self._read_at + _FRESH:
            self._read_at = now
            async with self._storage.reading() as uow:
                found = await uow.suspect_mailboxes.all()
            self._suspects = {}
            for suspect in found:
                self._suspects.setdefault(suspect.owner_id, {})[suspect.mailbox_index] = suspect
        return self._suspects

    async def _indexes(self, mailboxes: tuple[str, ...]) -> dict[str, bytes]:
        async with self._storage.reading() as uow:
            return {mailbox: await uow.suspect_mailboxes.index(mailbox) for mailbox in mailboxes}


def mailboxes_of(registrant: Registrant, forward_to: str) -> tuple[str, ...]:
    """Return where a registrant gets mail, in the order of his wish; `forward_to` is empty for his own."""
    return tuple(dict.fromkeys((forward_to or registrant.email, registrant.email)))


def _ordered(owner: Owner, against: dict[str, SuspectMailbox], now: datetime) -> Owner:
    # Sorting keeps the order of the wish among those that may be tried, and among those that may not.
    mailboxes = sorted(owner.mailboxes, key=lambda mailbox: not _may_be_tried(mailbox, against, now))
    rest = _rest(owner.mailboxes, against, now)
    return replace(owner, mailboxes=tuple(mailboxes), suspects=frozenset(against), rest=rest)


def _may_be_tried(mailbox: str, against: dict[str, SuspectMailbox], now: datetime) -> bool:
    return mailbox not in against or against[mailbox].try_at <= now


def _rest(
    mailboxes: tuple[str, ...], against: dict[str, SuspectMailbox], now: datetime
) -> MailboxRest | None:
    if not mailboxes or any(_may_be_tried(mailbox, against, now) for mailbox in mailboxes):
        return None
    suspects = [against[mailbox] for mailbox in mailboxes]
    until = min(suspect.try_at for suspect in suspects)
    return MailboxRest(until, lasting=all(suspect.lasting(now) for suspect in suspects))


async def _suspects(uow: UnitOfWork, owner_id: str, mailboxes: tuple[str, ...]) -> dict[str, SuspectMailbox]:
    found: dict[str, SuspectMailbox] = {}
    for mailbox in mailboxes:
        suspect = await uow.suspect_mailboxes.get(owner_id, await uow.suspect_mailboxes.index(mailbox))
        if suspect is not None:
            found[mailbox] = suspect
    return found


def _meant(named: str, mailboxes: tuple[str, ...], against: dict[str, SuspectMailbox], now: datetime) -> str:
    """Return the mailbox that a server means: the one it names, else the one that is in use."""
    for mailbox in mailboxes:
        if mailbox.casefold() == named.casefold():
            return mailbox
    return next((mailbox for mailbox in mailboxes if _may_be_tried(mailbox, against, now)), mailboxes[0])


async def _worse(
    uow: UnitOfWork, owner_id: str, mailbox: str, before: SuspectMailbox | None, now: datetime
) -> SuspectMailbox:
    if before is None:
        suspect = newly_suspect(owner_id, await uow.suspect_mailboxes.index(mailbox), now)
        await uow.suspect_mailboxes.add(suspect)
    else:
        suspect = before.failed_again(now)
        await uow.suspect_mailboxes.update(suspect)
    return suspect


def _event_data(failure: MailboxFailure, suspect: SuspectMailbox, now: datetime) -> dict[str, object]:
    return {
        "relay_id": failure.relay_id,
        "message_id": failure.message_id,
        "status": failure.status,
        "reason": failure.reason,
        "failures": suspect.failures,
        "lasting": suspect.lasting(now),
    }
