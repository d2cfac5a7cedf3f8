"""What the public sees of a registrar's domains, as the watch has found it: for the API and for commands."""

from dataclasses import dataclass

from registries.lookup.verdict import Verdict
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import DomainLocked
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.publication_watch import Sighting, Watch
from whoisproxy.services.holding import hold
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.publication_history import Exhibit
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

# The worst first: one place that leaks is a leak, and what was not looked at is not clean.
_RANKS = (Verdict.LEAK, Verdict.UNKNOWN, None)


@dataclass(frozen=True, slots=True)
class Publication:
    """A domain as the public sees it.

    Attributes:
        watches: One for each place where it is watched; none where it is not.
        sightings: What each server showed, those included that are asked no more.
    """

    name: DomainName
    domain_id: str
    watches: tuple[Watch, ...]
    sightings: tuple[Sighting, ...]

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of all places together; None where one was not looked at yet, or nothing is watched."""
        found = [watch.verdict for watch in self.watches] or [None]
        return next((rank for rank in _RANKS if rank in found), Verdict.CLEAN)


class Publications:
    """Reads what was seen, and asks for looks."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def get(self, registrar: Registrar, name: DomainName) -> Publication:
        """Return what the public sees of a domain, or raise NotFound."""
        async with self._storage.reading() as uow:
            return await _publication(uow, registrar, name)

    async def ask_for_look(self, registrar: Registrar, name: DomainName) -> Publication:
        """Let the domain be looked at now, as soon as the pace of the directories allows.

        Raises:
            NotFound: The registrar has no such domain.
            DomainLocked: It is not watched: its registrant is not hidden, or no directory is known for it.
        """
        async with self._storage.unit_of_work() as uow:
            registration = await hold(uow, registrar, name)
            if not await uow.publication_watch.ask_for_look(registration.id, self._clock()):
                raise DomainLocked("privacy is not on, or no directory is known: the domain is not watched")
            return await _publication(uow, registrar, name)

    async def exhibits(self, registrar: Registrar, name: DomainName) -> list[Exhibit]:
        """Return the raw answers that are kept as evidence, oldest first, or raise NotFound."""
        async with self._storage.reading() as uow:
            registration = await hold(uow, registrar, name)
            return await uow.publication_history.exhibits(registration.id)


async def _publication(uow: UnitOfWork, registrar: Registrar, name: DomainName) -> Publication:
    registration = await hold(uow, registrar, name)
    watches = await uow.publication_watch.of_domains([registration.id])
    sightings = await uow.publication_history.sightings(registration.id)
    return Publication(name, registration.id, tuple(watches[registration.id]), tuple(sightings))
