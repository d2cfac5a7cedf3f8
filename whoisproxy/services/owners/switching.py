"""Switch the privacy of an owner's domains by himself: look before, agree, and see how far it is.

What a switch makes of a domain, and why it is refused, is told by `switch_previews`, before and after.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from registries.catalogue import Catalogue
from registries.policy import TldPolicy
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Actor, Operation
from whoisproxy.domain.privacy import Consent, ConsentTo, KeptConsent, Privacy
from whoisproxy.domain.registration import Registration
from whoisproxy.services.changes import Change, write
from whoisproxy.services.holding import Holding, holdings
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.owners.consent_texts import CURRENT
from whoisproxy.services.owners.operation_feed import OperationFeed
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.owners.switch_previews import Obstacle, SwitchPreview, SwitchPreviews, lock_of
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one domain.

    Attributes:
        registration: None where he has no such domain.
        obstacle: Why it was not switched, else None.
        operation: What works on it now, else None.
    """

    name: DomainName
    registration: Registration | None
    policy: TldPolicy | None
    obstacle: Obstacle | None
    lock: str
    operation: Operation | None


@dataclass(frozen=True, slots=True)
class OwnOperation:
    """An operation on one of an owner's domains, and how that domain stands."""

    operation: Operation
    registration: Registration
    privacy: Privacy


class OwnerSwitching:
    """The use cases, each for who is signed in; domains that are not his are not there.

    Attributes:
        feed: Tells how operations go on.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - looking, deciding and writing meet here
        self,
        storage: Storage,
        sessions: OwnerSessions,
        catalogue: Catalogue,
        lookup: Lookup,
        feed: OperationFeed,
        settings: PrivacySettings,
        clock: Clock,
    ) -> None:
        self.feed = feed
        self._storage = storage
        self._sessions = sessions
        self._catalogue = catalogue
        self._lookup = lookup
        self._previews = SwitchPreviews(lookup, settings)
        self._settings = settings
        self._clock = clock

    async def previews(
        self, found: FoundSession, names: Collection[DomainName], *, enabled: bool | None
    ) -> list[SwitchPreview]:
        """Return what a switch would make of those of these domains that are his, in the order of names.

        Args:
            found: Who is signed in.
            names: At most `MOST_AT_ONCE`.
            enabled: To what it would be switched; None for the other side of what is wanted of each.
        """
        async with self._storage.reading() as uow:
            held = await self._held(uow, found, names)
            ids = await self._lookup.contact_ids(uow, [one.registration for one in held])
        now = self._clock()
        return [
            self._previews.preview(
                one,
                found.registrar,
                ids.get(one.registration.id, {}),
                now,
                enabled=not one.privacy.status.wanted if enabled is None else enabled,
            )
            for one in held
        ]

    async def switch(
        self, found: FoundSession, names: Collection[DomainName], *, enabled: bool, language: str
    ) -> list[Outcome] | None:
        """Switch domains with the owner's consent to the present text; what is so already is left as it is.

        Returns:
            An outcome for each name, in their order; None where his session was ended meanwhile.
        """
        async with self._storage.unit_of_work() as uow:
            if await self._sessions.still_in(uow, found) is None:
                return None
            held = {one.registration.name: one for one in await self._held(uow, found, names)}
            now = self._clock()
            tried = {
                name: self._previews.tried(
                    one, self._request(one, found, now, language, enabled=enabled), now
                )
                for name, one in held.items()
            }
            changes = [change for change in tried.values() if isinstance(change, Change)]
            await write(uow, changes, now)
        return [_outcome(name, held.get(name), tried.get(name)) for name in dict.fromkeys(names)]

    async def consents(self, registration: Registration) -> list[KeptConsent]:
        """Return what was agreed to for a domain that `previews` has shown, the newest first."""
        async with self._storage.reading() as uow:
            found = await uow.consents.of_domains([registration.id])
        return found.get(registration.id, [])[::-1]

    async def operation(self, found: FoundSession, operation_id: str) -> OwnOperation | None:
        """Return an operation on a domain that is his now."""
        account = found.account
        async with self._storage.reading() as uow:
            operation = await uow.operations.get(operation_id)
            if operation is None:
                return None
            name = DomainName(operation.domain)
            his = await uow.registrations.of_owner_named(account.registrar_id, account.owner_index, [name])
            registration = his.get(name)
            if registration is None or registration.id != operation.domain_id:
                return None
            return OwnOperation(operation, registration, await uow.privacy.get(registration.id))

    async def _held(
        self, uow: UnitOfWork, found: FoundSession, names: Collection[DomainName]
    ) -> list[Holding]:
        account = found.account
        his = await uow.registrations.of_owner_named(account.registrar_id, account.owner_index, names)
        known = await holdings(uow, self._catalogue, self._settings.accounts, his.values())
        return [known[name] for name in dict.fromkeys(names) if name in known]

    def _request(
        self, held: Holding, found: FoundSession, now: datetime, language: str, *, enabled: bool
    ) -> SwitchRequest:
        """Return the wish of an owner who agrees to the present text."""
        to = ConsentTo.HIDE if enabled else ConsentTo.SHOW
        holder = held.registration.registrant
        consent = Consent(
            by=holder.name or holder.organization,
            at=now,
            text_version=CURRENT[to].version,
            to=to,
            language=language,
            proofs=tuple(proof.value for proof in found.session.proofs),
        )
        return SwitchRequest(enabled=enabled, consent=consent, by=Actor.OWNER)


def _outcome(name: DomainName, held: Holding | None, tried: Change | Obstacle | None) -> Outcome:
    if held is None:
        return Outcome(name, None, None, None, "", None)
    obstacle = tried if isinstance(tried, Obstacle) else None
    stands = tried.after if isinstance(tried, Change) else held
    lock = lock_of(held) if obstacle is Obstacle.LOCKED else ""
    return Outcome(name, held.registration, held.policy, obstacle, lock, stands.operation)
