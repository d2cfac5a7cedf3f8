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
from whoisproxy.storage.unit_of_work import Storage

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

    async def groups(self, account: OwnerAccount) -> list[Group]:
        """Return the registrants of an owner; those of most domains first.

        All of them are opened, for there is no other way to see which are the same.
        """
        async with self._storage.reading() as uow:
            return grouped(await uow.registrations.held_of_owner(account.registrar_id, account.owner_index))

    async def group_of(self, account: OwnerAccount, registrant_id: str) -> Group | None:
        """Return the group of an owner's registrant; None where he has none of that id."""
        async with self._storage.reading() as uow:
            held = await uow.registrations.held_of_owner(account.registrar_id, account.owner_index)
        data = next((one.registrant for one in held if one.id == registrant_id), None)
        return None if data is None else grouped([one for one in held if one.registrant == data])[0]

    async def accesses(self, account: OwnerAccount, start: int, limit: int) -> Accesses:
        """Return `limit` looks at an owner's data from the `start`-th on, and who has tried to sign in."""
        whose = account.registrar_id, account.owner_index
        async with self._storage.reading() as uow:
            return Accesses(
                await uow.disclosures.looks_of_owner(*whose, self._clock(), start, limit),
                await uow.registrant_reads.of_owner(*whose),
                await uow.sign_in_attempts.history(account.id, _SIGN_INS),
            )


def grouped(held: Sequence[HeldRegistrant]) -> list[Group]:
    """Return registrants that are the same as one; those of most domains first."""
    groups: dict[Registrant, list[HeldRegistrant]] = {}
    for one in held:
        groups.setdefault(one.registrant, []).append(one)
    found = [Group(same[0].id, data, tuple([one.domain for one in same])) for data, same in groups.items()]
    return sorted(found, key=lambda group: -len(group.domains))
