"""Corrections of registration data: asked for by owners, applied or refused by their registrars.

What is applied goes the way of any registrant that a registrar reports (`services.registration`), so the
registry is told where it has to be. An event tells the registrar that there is something to decide; it has
the id alone, for events are not sealed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.correction import MOST_A_DAY, Correction, CorrectionState, changes_of
from whoisproxy.domain.errors import CorrectionEnded, InvalidInput, NotFound
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.services.events import emit
from whoisproxy.services.owners.letters import CORRECTION_ASKED, ask_for_letter
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.registration import Registrations, RegistrationSpec
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()

REQUESTED = "registrant.correction_requested"
WITHDRAWN = "registrant.correction_withdrawn"

_A_DAY = timedelta(days=1)
_SHOWN = 50
_AT_ONCE = 200
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A correction as its registrar sees it.

    Attributes:
        domains: That the data are of now, by name; none where they have other holders by now.
    """

    correction: Correction
    domains: tuple[Registration, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnersCorrection:
    """A correction as its owner sees it; `domains` as in `Asked`."""

    correction: Correction
    domains: tuple[DomainName, ...]


class Corrections:
    """Takes corrections, and carries them out.

    Args:
        storage: The database.
        registrations: Takes changed registrants.
        sessions: Says whether an owner is still signed in.
        clock: Gives aware UTC.
    """

    def __init__(
        self, storage: Storage, registrations: Registrations, sessions: OwnerSessions, clock: Clock
    ) -> None:
        self._storage = storage
        self._registrations = registrations
        self._sessions = sessions
        self._clock = clock

    async def ask(
        self, found: FoundSession, registrant_id: str, wanted: Mapping[str, object]
    ) -> Correction | None:
        """Ask the registrar to correct a registrant, wherever the owner's domains have the same data.

        An open one of the same registrant is withdrawn for it.

        Args:
            found: The owner's session.
            registrant_id: One that has the data.
            wanted: Values by field, in the shape of `Registrant.as_dict`.

        Returns:
            None where the session has ended, or the owner has no such registrant.

        Raises:
            InvalidInput: See `changes_of`; or he has asked for too many today.
        """
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            if account is None:
                return None
            held = await uow.registrations.held_of_owner(account.registrar_id, account.owner_index)
            asked = next((one for one in held if one.id == registrant_id), None)
            if asked is None:
                return None
            if await uow.corrections.count_since(account.id, now - _A_DAY) >= MOST_A_DAY:
                raise InvalidInput("correction", f"there were {MOST_A_DAY} within a day")
            same = [one for one in held if one.mark == asked.mark]
            ids = tuple([one.id for one in same])
            data = await uow.registrations.registrants([asked.id])
            changes = changes_of(data[asked.id], wanted)
            new = Correction(new_id("cor", now), account.registrar_id, account.id, ids, changes, now)
            await self._withdraw_those_of(uow, account, frozenset(ids))
            await uow.corrections.add(new)
            await self._tell(uow, REQUESTED, new, same[0].domain)
            await ask_for_letter(uow, CORRECTION_ASKED, {"account": account.id}, now)
        _log.info("correction-requested", correction=new.id, domains=len(ids))
        return new

    async def of_account(self, account: OwnerAccount) -> list[OwnersCorrection]:
        """Return the latest corrections of an owner, the newest first."""
        async with self._storage.reading() as uow:
            found = await uow.corrections.of_account(account.id, _SHOWN)
            held = await uow.registrations.held_of_owner(account.registrar_id, account.owner_index)
        names = {one.id: one.domain for one in held}
        return [
            OwnersCorrection(one, tuple([names[each] for each in one.registrant_ids if each in names]))
            for one in found
        ]

    async def withdraw(self, found: FoundSession, correction_id: str) -> bool:
        """Take a correction back; False where the owner has none of that id that is open."""
        async with self._storage.unit_of_work() as uow:
            account = await self._sessions.still_in(uow, found)
            known = await uow.corrections.of_id(account.id, correction_id) if account else None
            if account is None or known is None or not known.is_open:
                return False
            await self._withdraw(uow, known)
        return True

    async def withdraw_all(self, uow: UnitOfWork, account: OwnerAccount) -> None:
        """Take all open corrections of an owner back."""
        for one in await uow.corrections.open_of_account(account.id):
            await self._withdraw(uow, one)

    async def page(
        self, registrar: Registrar, state: CorrectionState | None, after: str, limit: int
    ) -> list[Asked]:
        """Return up to `limit` corrections that a registrar was asked for; see the repository."""
        async with self._storage.reading() as uow:
            found = await uow.corrections.page(registrar.id, state, after, limit)
            return await _with_domains(uow, found)

    async def get(self, registrar: Registrar, correction_id: str) -> Asked:
        """Return a correction that a registrar was asked for, or raise NotFound."""
        async with self._storage.reading() as uow:
            [asked] = await _with_domains(uow, [await _demanded(uow, registrar, correction_id)])
        return asked

    async def apply(self, registrar: Registrar, correction_id: str, *, verified: bool | None = None) -> Asked:
        """Change the registrants as their owner asks for; what was applied before stays so.

        Each domain is changed as if its registrar had reported it. A crash half way leaves the correction
        open, and to apply it again changes the rest.

        Args:
            registrar: Who decides.
            correction_id: See above.
            verified: Whether the registrar vouches for the mailbox; None leaves that as it is where the
                mailbox stays, and says no where it changes.

        Raises:
            NotFound: The registrar has no such correction.
            CorrectionEnded: It was refused or withdrawn.
            InvalidInput: What the registrant is by now does not go with it.
            PreconditionFailed: A domain has changed while it was worked on: try again.
        """
        asked = await self.get(registrar, correction_id)
        if asked.correction.state is CorrectionState.APPLIED:
            return asked
        _demand_open(asked.correction)
        wanted = [(one, asked.correction.applied_to(one.registrant)) for one in asked.domains]
        for start in range(0, len(wanted), _AT_ONCE):
            await asyncio.gather(
                *(
                    self._registrations.put(
                        registrar, one.name, _spec(one, registrant, verified=verified), one.version
                    )
                    for one, registrant in wanted[start : start + _AT_ONCE]
                )
            )
        return await self._end(registrar, correction_id, CorrectionState.APPLIED)

    async def refuse(self, registrar: Registrar, correction_id: str, reason: str) -> Asked:
        """Leave the registrants as they are, and say why; what was refused before stays so.

        Raises:
            NotFound: The registrar has no such correction.
            CorrectionEnded: It was applied or withdrawn.
            InvalidInput: There is no reason, or a long one.
        """
        if not 0 < len(reason.strip()) <= _LONGEST_REASON:
            raise InvalidInput("reason", f"must be a text of at most {_LONGEST_REASON} characters")
        return await self._end(registrar, correction_id, CorrectionState.REFUSED, reason.strip())

    async def _end(
        self, registrar: Registrar, correction_id: str, state: CorrectionState, reason: str = ""
    ) -> Asked:
        async with self._storage.unit_of_work() as uow:
            known = await _demanded(uow, registrar, correction_id)
            if known.state is not state:
                _demand_open(known)
                known = replace(known, state=state, ended_at=self._clock(), reason=reason)
                await uow.corrections.update(known)
            [asked] = await _with_domains(uow, [known])
        _log.info("correction-ended", correction=correction_id, state=state)
        return asked

    async def _withdraw_those_of(
        self, uow: UnitOfWork, account: OwnerAccount, registrant_ids: frozenset[str]
    ) -> None:
        for one in await uow.corrections.open_of_account(account.id):
            if registrant_ids & set(one.registrant_ids):
                await self._withdraw(uow, one)

    async def _withdraw(self, uow: UnitOfWork, correction: Correction) -> None:
        ended = replace(correction, state=CorrectionState.WITHDRAWN, ended_at=self._clock())
        await uow.corrections.update(ended)
        [asked] = await _with_domains(uow, [ended])
        if asked.domains:
            await self._tell(uow, WITHDRAWN, ended, asked.domains[0].name)

    async def _tell(self, uow: UnitOfWork, kind: str, correction: Correction, domain: DomainName) -> None:
        data = {"correction_id": correction.id}
        await emit(uow, correction.registrar_id, kind, domain.a_label, data, self._clock)


def _spec(known: Registration, registrant: Registrant, *, verified: bool | None) -> RegistrationSpec:
    same_mailbox = registrant.email == known.registrant.email
    vouched = known.registrant_verified and same_mailbox if verified is None else verified
    return RegistrationSpec(
        registrant=registrant,
        registrant_verified=vouched,
        nameservers=known.nameservers,
        statuses=known.statuses,
        registered_at=known.registered_at,
        expires_at=known.expires_at,
    )


def _demand_open(correction: Correction) -> None:
    if not correction.is_open:
        raise CorrectionEnded(f"the correction was {correction.state}")


async def _demanded(uow: UnitOfWork, registrar: Registrar, correction_id: str) -> Correction:
    found = await uow.corrections.get(registrar.id, correction_id)
    if found is None:
        raise NotFound("you have no correction of that id")
    return found


async def _with_domains(uow: UnitOfWork, found: Sequence[Correction]) -> list[Asked]:
    """Return corrections with the domains that still have the registrants they are of."""
    ids = {each for one in found for each in one.registrant_ids}
    domains = {one.registrant_id: one for one in await uow.registrations.of_registrants(ids)}
    return [
        Asked(
            one,
            tuple(
                [
                    domains[each]
                    for each in one.registrant_ids
                    if each in domains and domains[each].registrar_id == one.registrar_id
                ]
            ),
        )
        for one in found
    ]
