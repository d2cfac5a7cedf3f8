"""Contact objects at registries: written down before they are made, cleared away when nobody needs them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from prometheus_client import Counter

from registries.connector import Change, Desk, Disposal
from registries.contact import Role
from registries.errors import RegistryError, RegistryRefused, RegistryUnavailable
from whoisproxy.domain.registry import ContactState, HeldContact
from whoisproxy.services.registry_endings import standings
from whoisproxy.services.settings import Clock
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_DISPOSALS = Counter(
    "whoisproxy_registry_contacts", "Loose contacts looked at, by what came of it.", ["outcome"]
)

_BATCH = 100
# A worker that stood still may still create what was not there at the first look.
_UNTIL_SURELY_ABSENT = timedelta(minutes=10)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(days=7)
_MOST_DOUBLINGS = 14
_BROKEN_CONNECTIONS = 3  # one after the other; then the registry counts as away


@dataclass(frozen=True, slots=True)
class _Note:
    """Handles of contacts that a change makes, and of those that it leaves without a domain."""

    change: Change
    made: Mapping[str, Role]
    replaced: Mapping[str, Role]


class ContactJournal:
    """Implements `registries.connector.Journal` for one account."""

    def __init__(self, storage: Storage, account: str, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._notes: Gathering[_Note, frozenset[str]] = Gathering(
            storage.unit_of_work, self._note_all, key=lambda note: note.change.operation_id
        )

    async def note(
        self, change: Change, made: Mapping[str, Role], replaced: Mapping[str, Role]
    ) -> Collection[str]:
        """Put on disk which contacts a change will make and which it will leave without a domain.

        Returns:
            Those to be made that an earlier try has noted, and all where domains share them.

        Raises:
            RegistryUnavailable: The change counts no longer: nothing may be begun for it.
        """
        noted = await self._notes.ask(_Note(change, made, replaced))
        return made.keys() if change.shared else made.keys() & noted

    async def _note_all(
        self, uow: UnitOfWork, notes: Sequence[_Note]
    ) -> list[RegistryUnavailable | frozenset[str]]:
        now_are = await standings(uow, [note.change.operation_id for note in notes])
        noted = await uow.registry_contacts.note(
            [
                contact
                for note in notes
                if (now_is := now_are.get(note.change.operation_id)) is not None
                for contact in self._contacts(note, now_is.registration.id)
            ]
        )
        return [
            noted
            if note.change.operation_id in now_are
            else RegistryUnavailable("another change took this one's place")
            for note in notes
        ]

    def _contacts(self, note: _Note, domain_id: str) -> Iterator[HeldContact]:
        for state, handles in ((ContactState.PLANNED, note.made), (ContactState.LINKED, note.replaced)):
            for handle, role in handles.items():
                yield HeldContact(
                    account=self._account,
                    handle=handle,
                    domain_id=domain_id,
                    domain=note.change.domain,
                    role=role,
                    made=state is ContactState.PLANNED,
                    operation_id=note.change.operation_id,
                    state=state,
                    tries=0,
                    look_at=None,
                    created_at=self._clock(),
                )


class ContactCollector:
    """Deletes contacts that no domain needs any more, whatever left them behind."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def collect(self, account: str, desk: Desk) -> bool:
        """Look at loose contacts of an account whose time has come; return whether there may be more.

        Raises:
            RegistryError: The registry does not answer; what is left is looked at another time.
        """
        async with self._storage.reading() as uow:
            due = await uow.registry_contacts.due(account, self._clock(), _BATCH)
        broken = 0
        for contact in due:
            try:
                await self._look_at(desk, contact)
                broken = 0
            except RegistryError as error:
                broken += 1
                if not error.retry or broken == _BROKEN_CONNECTIONS:
                    raise
        return len(due) == _BATCH

    async def _look_at(self, desk: Desk, contact: HeldContact) -> None:
        async with self._storage.reading() as uow:
            needed = await uow.registry_contacts.needed(contact.account, contact.handle)
        # One that domains share goes with the last of them.
        pause = timedelta(0) if needed else await self._dispose(desk, contact)
        async with self._storage.unit_of_work() as uow:
            if pause:
                await uow.registry_contacts.postpone(contact, self._clock() + pause)
            else:
                await uow.registry_contacts.forget(contact)

    async def _dispose(self, desk: Desk, contact: HeldContact) -> timedelta:
        """Delete a contact; return when to look at it again, zero for never."""
        try:
            outcome = await desk.dispose(contact.handle, contact.domain)
        except RegistryRefused as error:
            _log.warning("registry-contact-stays", account=contact.account, code=error.code)
            outcome = Disposal.KEPT
        _DISPOSALS.labels(outcome).inc()
        match outcome:
            case Disposal.DELETED:
                return timedelta(0)
            case Disposal.ABSENT:
                return timedelta(0) if contact.tries else _UNTIL_SURELY_ABSENT
            case Disposal.KEPT:
                return min(_FIRST_PAUSE * (1 << min(contact.tries, _MOST_DOUBLINGS)), _LONGEST_PAUSE)
