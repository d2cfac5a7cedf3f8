"""Tell owners of mail that is held for them: one letter for all domains of one owner at one registrar.

Who has got something new is looked for every minute; the letter is a piece of work in the outbox, so that of
several processes one sends it. It is made when it is due: an hour after something was held, and not before a
day (or a week) has passed since the last. What is in it, and under which id it will stand in the queue, is
written down before it is queued. After a crash the id tells whether it was: no letter goes twice, and none is
lost. Only a process that stands still for longer than its lease, just before it queues one, may send it once
more.

The owner's mailbox is not known here: it is asked for when the letter is delivered.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from mailrelay.checks.explanations import why
from mailrelay.links import Links
from mailrelay.queue.entry import Direction, NewMessage
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.digest import DigestEntry, DigestFacts, build_digest
from whoisproxy.domain.mail_settings import DigestWish
from whoisproxy.domain.quarantine import HeldMessage, Quarantine
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.services.quarantine import QuarantineService, of_relays
from whoisproxy.services.quarantine_owners import OwnedDomain, language_of, owned_by, quarantines_of, wish_of
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()

DIGEST = "quarantine.digest"
"""Outbox kind of one letter."""

GATHERING = timedelta(hours=1)
"""From the first held message to the letter, so that a wave comes in one."""

PERIODS = {DigestWish.DAILY: timedelta(days=1), DigestWish.WEEKLY: timedelta(days=7)}
_MOST_ENTRIES = 50
_OWNERS_AT_ONCE = 200
# What was committed late is found by a later look.
_OVERLAP = timedelta(minutes=10)
_WHOLE_LOOK = timedelta(days=1)


class DigestSchedule:
    """Looks for owners who have something new, and puts their letters into the outbox.

    Args:
        storage: The database.
        queue: Has the messages.
        clock: Gives aware UTC.
        keep: How long held mail is kept; what is older is not looked for.
    """

    def __init__(self, storage: Storage, queue: QueueStore, clock: Clock, keep: timedelta) -> None:
        self._storage = storage
        self._queue = queue
        self._clock = clock
        self._keep = keep
        self._seen: dict[str, datetime] = {}
        self._looked_at = self._all_looked_at = clock() - _WHOLE_LOOK

    async def look(self) -> None:
        """Find who has got held mail since the last look; once a day, of all that is held."""
        now = self._clock()
        whole = now - self._all_looked_at >= _WHOLE_LOOK
        if whole:
            self._seen.clear()
            self._all_looked_at = now
        since = now - self._keep if whole else self._looked_at - _OVERLAP
        found = await self._queue.owners_of_held(since)
        new = [owner for owner, at in found.items() if self._seen.get(owner) != at]
        for start in range(0, len(new), _OWNERS_AT_ONCE):
            await self._schedule(new[start : start + _OWNERS_AT_ONCE], now)
        self._seen, self._looked_at = {**self._seen, **found} if whole else found, now

    async def _schedule(self, owner_ids: Sequence[str], now: datetime) -> None:
        async with self._storage.reading() as uow:
            registrations = await uow.registrations.of_registrants(owner_ids)
        quarantines = await quarantines_of(self._storage, registrations, now)
        async with self._storage.reading() as uow:
            due = {
                one.id: at
                for one in {each.id: each for each in quarantines.values()}.values()
                if one.due_at is None and (at := _due_at(one, await owned_by(uow, one), now)) is not None
            }
        async with self._storage.unit_of_work() as uow:
            for quarantine_id, at in due.items():
                if await uow.quarantines.make_due(quarantine_id, at):
                    await uow.outbox.add(DIGEST, f"{DIGEST}:{quarantine_id}", {"id": quarantine_id}, at)


def _due_at(quarantine: Quarantine, domains: Sequence[OwnedDomain], now: datetime) -> datetime | None:
    period = PERIODS.get(wish_of(domains))
    if period is None:
        return None
    earliest = now + GATHERING
    return earliest if quarantine.told_at is None else max(earliest, quarantine.told_at + period)


class DigestSender:
    """Implements `Handler`: makes a letter and queues it.

    Args:
        storage: The database.
        queue: Has the messages, and takes the letter.
        quarantine: Lists what is held.
        links: Makes the links in it.
        relay_domain: Domain of the letter's sender.
        clock: Gives aware UTC.
        keep: How long held mail is kept.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - it stands where all parts meet
        self,
        storage: Storage,
        queue: QueueStore,
        quarantine: QuarantineService,
        links: Links,
        relay_domain: str,
        clock: Clock,
        keep: timedelta,
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._quarantine = quarantine
        self._links = links
        self._relay_domain = relay_domain
        self._clock = clock
        self._keep = keep

    async def handle(self, item: OutboxItem) -> None:
        """Send the letter of a quarantine, unless it was sent before, or there is nothing to tell."""
        quarantine_id = str(item.payload["id"])
        async with self._storage.reading() as uow:
            quarantine = await uow.quarantines.by_id(quarantine_id)
            domains = await owned_by(uow, quarantine) if quarantine else ()
            look = await uow.appearances.of_registrar(quarantine.registrar_id) if quarantine else None
        if quarantine is None or not _is_due(quarantine, self._clock()) or await self._was_sent(quarantine):
            return
        told = [one for one in domains if one.settings.digest is not DigestWish.OFF]
        new = await self._new(told)
        carrier = _carrier(told, self._clock())
        if not new or carrier is None:
            async with self._storage.unit_of_work() as uow:
                await uow.quarantines.nothing_due(quarantine_id)
            return
        letter = await self._letter(quarantine, told, carrier, new, self._links.at(look.host if look else ""))
        async with self._storage.unit_of_work() as uow:
            await uow.quarantines.begin(quarantine_id, letter.id, [one.id for one in new], self._clock())
        await self._queue.enqueue([letter])
        await self._written_down(quarantine_id)
        _log.info("quarantine-digest-queued", quarantine=quarantine_id, id=letter.id, messages=len(new))

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Let the next look begin anew: something keeps this letter from being made."""
        quarantine_id = str(item.payload["id"])
        _log.error("quarantine-digest-given-up", quarantine=quarantine_id, code=code)
        async with self._storage.unit_of_work() as uow:
            await uow.quarantines.nothing_due(quarantine_id)

    async def _was_sent(self, quarantine: Quarantine) -> bool:
        """Finish what a crash has broken off: return whether the letter is in the queue."""
        if not quarantine.digest_id:
            return False
        if await self._queue.get(quarantine.digest_id) is not None:
            await self._written_down(quarantine.id)
            return True
        async with self._storage.unit_of_work() as uow:
            await uow.quarantines.undo(quarantine)
        return False

    async def _written_down(self, quarantine_id: str) -> None:
        async with self._storage.unit_of_work() as uow:
            await uow.quarantines.sent(quarantine_id, self._clock())

    async def _new(self, domains: Sequence[OwnedDomain]) -> list[HeldMessage]:
        """Return what is held and was never told of, in the order in which it is shown."""
        found = await self._quarantine.held(of_relays(domains))
        held = [one for one in found if not (one.is_of_blocked or one.is_unwanted)]
        async with self._storage.reading() as uow:
            told = await uow.quarantines.told([one.id for one in held])
        return [one for one in held if one.id not in told]

    async def _letter(
        self,
        quarantine: Quarantine,
        told: Sequence[OwnedDomain],
        carrier: tuple[Registration, RelayAddress],
        new: Sequence[HeldMessage],
        links: Links,
    ) -> NewMessage:
        registration, relay = carrier
        now = self._clock()
        async with self._storage.reading() as uow:
            language = await language_of(uow, quarantine, registration.registrant.language)
        private = any(one.settings.encryption_key for one in told)
        entries = [await self._entry(one, language, links) for one in new[:_MOST_ENTRIES]]
        digest = build_digest(
            DigestFacts(
                relay_domain=self._relay_domain,
                language=language,
                now=now,
                entries=tuple(entries),
                count=len(new),
                days=self._keep.days,
                private=private,
                all_url=links.quarantine(quarantine.id, now),
                settings_url=links.digest(quarantine.id, now),
            )
        )
        return NewMessage(
            direction=Direction.NOTICE,
            owner_id=registration.registrant_id,
            relay_id=relay.id,
            recipient="",
            reverse_path="",
            raw=digest.raw,
            size_octets=len(digest.raw),
            id=self._queue.new_id(),
        )

    async def _entry(self, held: HeldMessage, language: str, links: Links) -> DigestEntry:
        sender, subject = await self._quarantine.heading(held)
        return DigestEntry(
            domain=held.domain,
            kind=held.kind,
            why=why(held.notes, language),
            link=links.held(held.id, self._clock()),
            sender=sender,
            subject=subject,
            dangerous=held.is_dangerous,
        )


def _is_due(quarantine: Quarantine, now: datetime) -> bool:
    # Else it was sent, and only the outbox does not know.
    return quarantine.due_at is not None and quarantine.due_at <= now


def _carrier(domains: Sequence[OwnedDomain], now: datetime) -> tuple[Registration, RelayAddress] | None:
    """Return a relay address in use, by which the owner's mailbox is found at delivery, and its domain."""
    in_use = ((one.registration, relay) for one in domains for relay in one.relays if relay.takes_mail(now))
    return next(in_use, None)
