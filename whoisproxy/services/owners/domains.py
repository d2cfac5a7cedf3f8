"""What an owner sees of his domains: a list a page at a time, and all that is known of one.

Whose domains they are is asked of the database each time, by the registrar and the blind index of the
account; a name or an id of a request leads to nothing else.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from registries.catalogue import Catalogue
from registries.policy import TldPolicy
from whoisproxy.domain.names import DomainName, searched
from whoisproxy.domain.operation import Operation
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.owner_domains import Glance, Reach, Standing, Turn, glance, reach_of, turns
from whoisproxy.domain.publication_watch import Sighting, Told, Watch
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress, RelayState
from whoisproxy.services.effective_policy import without_contacts
from whoisproxy.services.holding import Holding, holdings
from whoisproxy.services.settings import PrivacySettings
from whoisproxy.storage.repositories.owner_domains import Kind, Line, Sought
from whoisproxy.storage.repositories.publication_history import Exhibit, ExhibitLabel
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

ON_A_PAGE = 50
_MOST_LABELS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """Which domains an owner wants to see.

    Attributes:
        text: Part of the name, in A- or U-labels, as it was typed; "" for all.
        glance: How they stand; None for all.
        suffix: Public suffix, A-label; "" for all.
        page: From 0; one that is not there means the last.
    """

    text: str = ""
    glance: Glance | None = None
    suffix: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class ListedDomain:
    """A domain in the list; `turns` are the ways in which it can be switched, the likely one first."""

    name: DomainName
    glance: Glance
    turns: tuple[Turn, ...]
    standing: Standing
    operation_id: str


@dataclass(frozen=True, slots=True)
class DomainPage:
    """A page of the list.

    Attributes:
        total: Domains that the wish fits.
        page: Its number, from 0.
        pages: How many there are; at least one.
        by_glance: How many would be there if the wish named another glance or none.
        by_suffix: The same of suffixes.
    """

    domains: tuple[ListedDomain, ...]
    total: int
    page: int
    pages: int
    by_glance: Mapping[Glance, int]
    by_suffix: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OwnedDomain:
    """All that an owner sees of one domain.

    Attributes:
        because: Why the rule is not the TLD's own; "" where it is.
        since: When it was last switched; None where it never was.
        relays: The addresses that are published now.
        operation: The newest one, whatever became of it.
        reason: Why the last change failed; "" where it did not.
        watches: How the public directories are watched, none where they are not.
        sightings: What each server showed.
        exhibits: Answers that are kept as evidence, the newest first.
    """

    registration: Registration
    policy: TldPolicy
    because: str
    standing: Standing
    glance: Glance
    turns: tuple[Turn, ...]
    since: datetime | None
    relays: tuple[RelayAddress, ...]
    operation: Operation | None
    reason: str
    watches: tuple[Watch, ...]
    sightings: tuple[Sighting, ...]
    exhibits: tuple[ExhibitLabel, ...]


class OwnerDomains:
    """Reads what an owner may see of his domains."""

    def __init__(self, storage: Storage, catalogue: Catalogue, settings: PrivacySettings) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._accounts = settings.accounts

    async def page(self, account: OwnerAccount, wish: Wish) -> DomainPage:
        """Return a page of an owner's domains, in order of their names."""
        accounts = tuple({facts.name for facts in self._accounts.values()})
        sought = Sought(account.registrar_id, account.owner_index, searched(wish.text), accounts)
        async with self._storage.reading() as uow:
            counts = await uow.owner_domains.counts(sought)
            reaches = await self._reaches(uow, counts)
            seen = {kind: glance(kind.standing, reach) for kind, reach in reaches.items()}
            fit = [kind for kind in counts if _fits(kind, seen[kind], wish)]
            total = sum(counts[kind] for kind in fit)
            pages = max(1, -(-total // ON_A_PAGE))
            number = min(wish.page, pages - 1)
            some = fit if len(fit) < len(counts) else None
            lines = await uow.owner_domains.page(sought, some, ON_A_PAGE, number * ON_A_PAGE) if fit else []
        by_glance, by_suffix = Counter[Glance](), Counter[str]()
        for kind, count in counts.items():
            if wish.suffix in {"", kind.suffix}:
                by_glance[seen[kind]] += count
            if wish.glance in {None, seen[kind]}:
                by_suffix[kind.suffix] += count
        listed = tuple([_listed(line, reaches[line.kind]) for line in lines])
        return DomainPage(listed, total, number, pages, by_glance, by_suffix)

    async def get(self, account: OwnerAccount, name: DomainName) -> OwnedDomain | None:
        """Return all of one domain; None where the owner has none of that name."""
        async with self._storage.reading() as uow:
            registration = await self._registration(uow, account, name)
            if registration is None:
                return None
            held = (await holdings(uow, self._catalogue, self._accounts, [registration]))[name]
            watches = (await uow.publication_watch.of_domains([registration.id]))[registration.id]
            switch = await uow.operations.last_switch_of_domain(registration.id)
            standing, reach = _standing(held, watches), reach_of(held.policy)
            return OwnedDomain(
                registration=registration,
                policy=held.policy,
                because=held.because,
                standing=standing,
                glance=glance(standing, reach),
                turns=turns(standing, reach),
                since=switch.updated_at if switch else None,
                relays=tuple([one for one in held.relays if one.state is RelayState.ACTIVE]),
                operation=await uow.operations.last_of_domain(registration.id),
                reason=held.privacy.reason,
                watches=tuple(watches),
                sightings=tuple(await uow.publication_history.sightings(registration.id)),
                exhibits=tuple(await uow.publication_history.labels(registration.id, _MOST_LABELS)),
            )

    async def exhibit(self, account: OwnerAccount, name: DomainName, exhibit_id: str) -> Exhibit | None:
        """Return an answer that is kept of an owner's domain; None where there is none of that id."""
        async with self._storage.reading() as uow:
            registration = await self._registration(uow, account, name)
            if registration is None:
                return None
            return await uow.publication_history.exhibit(registration.id, exhibit_id)

    async def _registration(
        self, uow: UnitOfWork, account: OwnerAccount, name: DomainName
    ) -> Registration | None:
        return await uow.registrations.of_owner_by_name(account.registrar_id, account.owner_index, name)

    async def _reaches(self, uow: UnitOfWork, kinds: Mapping[Kind, int]) -> dict[Kind, Reach]:
        """Return how far privacy goes for domains of each kind, as `effective_policy` has it."""
        suffixes = {kind.suffix for kind in kinds}
        account_of = {each: self._accounts[each].name for each in suffixes if each in self._accounts}
        # An account whose registry holds no contacts at all holds none of a suffix either.
        bare = await uow.registry_accounts.without_contacts(account_of) if account_of else frozenset()
        rules = {each: self._catalogue.policy(each) for each in suffixes}
        return {
            kind: reach_of(
                without_contacts(rules[kind.suffix]).policy
                if kind.suffix in bare or (kind.contactless and kind.suffix in account_of)
                else rules[kind.suffix]
            )
            for kind in kinds
        }


def _fits(kind: Kind, seen: Glance, wish: Wish) -> bool:
    return wish.glance in {None, seen} and wish.suffix in {"", kind.suffix}


def _listed(line: Line, reach: Reach) -> ListedDomain:
    standing = line.kind.standing
    return ListedDomain(
        line.name, glance(standing, reach), turns(standing, reach), standing, line.operation_id
    )


def _standing(held: Holding, watches: list[Watch]) -> Standing:
    privacy = held.privacy
    return Standing(
        state=privacy.status.state,
        wanted=privacy.status.wanted,
        departed=privacy.departed,
        troubled=bool(privacy.reason),
        leaking=any(watch.told in {Told.LEAK, Told.STAYS} for watch in watches),
    )
