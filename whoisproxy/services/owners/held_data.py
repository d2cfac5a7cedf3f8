"""What is held about an owner, as his pages show it: registrants, who looked, how long the rest is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from whoisproxy.domain.disclosure import OwnersLook
from whoisproxy.domain.export import KEPT
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.owner_session import LONGEST_SESSION
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.relay import REPLY_LIFETIME
from whoisproxy.domain.sign_in import HISTORY_KEPT, Attempt
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.registrant_reads import ReadsOfKey
from whoisproxy.storage.repositories.registrations import HeldRegistrant
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_SIGN_INS = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """How long things are kept after their use has ended.

    Attributes:
        messages: What is known of mail that was relayed.
        held: Mail that was held.
        events: What was told to the registrar, and corrections that have ended.
        disclosures: Who looked by which grant.
    """

    messages: timedelta
    held: timedelta
    events: timedelta
    disclosures: timedelta
    replies: timedelta = REPLY_LIFETIME
    sign_ins: timedelta = HISTORY_KEPT
    sessions: timedelta = LONGEST_SESSION
    exports: timedelta = KEPT


@dataclass(frozen=True, slots=True)
class Group:
    """Domains that have the same registrant data.

    Attributes:
        id: Of the registrant of the first of them.
        domains: By name.
    """

    id: str
    registrant: Registrant = field(repr=False)
    domains: tuple[DomainName, ...]


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A page of an owner's groups, counted from 1; `more` says whether there is a later one."""

    groups: Sequence[Group]
    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class Accesses:
    """Who has had to do with an owner's data.

    Attributes:
        looks: By grants of disclosure, the newest first; a page of them.
        reads: What each key of the registrar's backend has read.
        sign_ins: The latest, the newest first.
    """

    looks: Sequence[OwnersLook] = field(repr=False)
    reads: Sequence[ReadsOfKey]
    sign_ins: Sequence[Attempt] = field(repr=False)


class HeldData:
    """Shows it.

    Args:
        storage: The database.
        kept: As the operator has decided.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, kept: Kept, clock: Clock) -> None:
        self._storage = storage
        self._kept = kept
        self._clock = clock

    @property
    def kept(self) -> Kept:
        """How long things are kept."""
        return self._kept

    async def groups(self, account: OwnerAccount, page: int, on_a_page: int) -> GroupPage:
        """Return a page of an owner's registrants, most domains first; the last for any behind it."""
        async with self._storage.reading() as uow:
            held = await uow.registrations.held_of_owner(account.registrar_id, account.owner_index)
            equal = sorted(_equal(held), key=len, reverse=True)
            last = max(1, -(-len(equal) // on_a_page))
            page = min(page, last)
            shown = equal[(page - 1) * on_a_page : page * on_a_page]
            return GroupPage(await _opened(uow, shown), page, page < last)

    async def group_of(self, account: OwnerAccount, registrant_id: str) -> Group | None:
        """Return the group of an owner's registrant; None where he has none of that id."""
        async with self._storage.reading() as uow:
            held = await uow.registrations.held_of_owner(account.registrar_id, account.owner_index)
            equal = [one for one in _equal(held) if any(each.id == registrant_id for each in one)]
            found = await _opened(uow, equal)
        return found[0] if found else None

    async def accesses(self, account: OwnerAccount, start: int, limit: int) -> Accesses:
        """Return `limit` looks at an owner's data from the `start`-th on, and who has tried to sign in."""
        whose = account.registrar_id, account.owner_index
        async with self._storage.reading() as uow:
            return Accesses(
                await uow.disclosures.looks_of_owner(*whose, self._clock(), start, limit),
                await uow.registrant_reads.of_owner(*whose),
                await uow.sign_in_attempts.history(account.id, _SIGN_INS),
            )


def _equal(held: Sequence[HeldRegistrant]) -> list[list[HeldRegistrant]]:
    """Return registrants by equal data, in the order in which they come."""
    groups: dict[bytes, list[HeldRegistrant]] = {}
    for one in held:
        groups.setdefault(one.mark, []).append(one)
    return list(groups.values())


async def _opened(uow: UnitOfWork, equal: Sequence[Sequence[HeldRegistrant]]) -> list[Group]:
    """Return groups with their data, of which one of each is opened."""
    data = await uow.registrations.registrants([same[0].id for same in equal])
    return [Group(same[0].id, data[same[0].id], tuple([one.domain for one in same])) for same in equal]
