"""Switch the privacy of an owner's domains by himself: look before, agree, and see how far it is.

A preview is the switch itself (`switching`, pure), carried on to its end and never written; what it would
publish is made by the code that publishes (`Lookup.shown`). So a preview cannot say something else than what
happens, and why a switch is refused is known before it is asked for.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from registries.catalogue import Catalogue
from registries.contact import Role
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import DomainLocked, PrivacyNotAllowed, RegistrantUnverified
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Actor, Operation
from whoisproxy.domain.privacy import (
    Consent,
    ConsentTo,
    KeptConsent,
    Privacy,
    PrivacyEvent,
    PrivacyState,
    transition,
)
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.publication.record import RddsRecord
from whoisproxy.services.changes import Change, write
from whoisproxy.services.consent_texts import CURRENT
from whoisproxy.services.holding import Holding, holdings
from whoisproxy.services.identities import identities_of
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.operation_feed import OperationFeed
from whoisproxy.services.owner_sessions import FoundSession, OwnerSessions
from whoisproxy.services.previews import UNKNOWN, Preview, future_identities, preview_of
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.services.switching import LOCKS, SwitchRequest, switched
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

MOST_AT_ONCE = 100


class Obstacle(StrEnum):
    """Why a domain is not switched."""

    DONE = "done"  # it is so already, or on the way
    NOT_ALLOWED = "not-allowed"  # the registry's rules leave nothing to switch; the rule says why
    UNVERIFIED = "unverified"  # nobody vouches for the mailbox that mail would go to
    SUSPENDED = "suspended"  # frozen by the registrar, as in a dispute
    LOCKED = "locked"  # a status at the registry
    DEPARTED = "departed"  # it went to another registrar


@dataclass(frozen=True, slots=True)
class SwitchPreview:
    """A domain, and what a switch would make of it.

    Attributes:
        enabled: The switch that was looked at.
        policy: The rule that holds for the domain.
        operation: What works on the domain now, else None; after the switch it is superseded.
        obstacle: Why it would be refused, else None.
        lock: EPP status that stands in the way; "" where none does.
        before: What RDAP and WHOIS show now.
        after: What they would show at the end; the same where the switch is refused. An address that is yet
            to be made has the local part `previews.UNKNOWN`, and a contact that is, no handle.
        registry: What the registry would hold, where that is something else than what we publish, else None.
    """

    registration: Registration
    enabled: bool
    policy: TldPolicy
    privacy: Privacy
    operation: Operation | None
    obstacle: Obstacle | None
    lock: str
    before: RddsRecord
    after: RddsRecord
    registry: Preview | None


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
            self._preview(
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
                name: self._tried(one, self._request(one, found, now, language, enabled=enabled), now)
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

    def _tried(self, held: Holding, request: SwitchRequest, now: datetime) -> Change | Obstacle:
        """Return what a switch makes of a domain, or why it does not."""
        if (obstacle := _standing_in_the_way(held.privacy, enabled=request.enabled)) is not None:
            return obstacle
        try:
            return switched(held, request, self._settings, now)
        except PrivacyNotAllowed:
            return Obstacle.NOT_ALLOWED
        except RegistrantUnverified:
            return Obstacle.UNVERIFIED
        except DomainLocked:
            return Obstacle.LOCKED

    def _preview(
        self, held: Holding, registrar: Registrar, ids: dict[Role, str], now: datetime, *, enabled: bool
    ) -> SwitchPreview:
        agreed = Consent("", now, "")
        tried = self._tried(held, SwitchRequest(enabled=enabled, consent=agreed), now)
        obstacle = tried if isinstance(tried, Obstacle) else None
        before = self._lookup.shown(held.registration, held.privacy.status, registrar, held.relays, ids)
        after, registry = before, None
        if isinstance(tried, Change):
            after = self._at_the_end(held, tried.after, registrar, enabled=enabled)
            registry = self._at_registry(held, tried.after, registrar, enabled=enabled)
        return SwitchPreview(
            registration=held.registration,
            enabled=enabled,
            policy=held.policy,
            privacy=held.privacy,
            operation=held.operation,
            obstacle=obstacle,
            lock=_lock(held) if obstacle is Obstacle.LOCKED else "",
            before=before,
            after=after,
            registry=registry,
        )

    def _at_the_end(
        self, before: Holding, after: Holding, registrar: Registrar, *, enabled: bool
    ) -> RddsRecord:
        """Return what is published once the switch is proved."""
        event = PrivacyEvent.CONFIRM_HIDDEN if enabled else PrivacyEvent.CONFIRM_SHOWN
        status = transition(after.privacy.status, event)
        return self._lookup.shown(before.registration, status, registrar, _veiled(before, after), {})

    def _at_registry(
        self, before: Holding, after: Holding, registrar: Registrar, *, enabled: bool
    ) -> Preview | None:
        """Return what the registry would hold, where our own directory says something else."""
        policy, brand = before.policy, registrar.brand or self._settings.brand
        account = self._settings.accounts.get(before.registration.name.suffix)
        shared = account.shared_email if account else ""
        shares = policy.mechanism is Mechanism.SUBSTITUTE and shared
        if policy.mechanism is not Mechanism.RELAY_EMAIL and not shares:
            return None
        known = identities_of(registrar, _veiled(before, after), self._settings.brand)
        identities = future_identities(policy, known, brand, self._settings.relay_domain)
        hidden, holder = before.privacy.status.hidden, before.registration.registrant
        return preview_of(policy, holder, identities, hidden=hidden, enabled=enabled, shared_email=shared)


def _standing_in_the_way(privacy: Privacy, *, enabled: bool) -> Obstacle | None:
    """Return what refuses a switch, or makes it needless, whatever the rule of the TLD is."""
    status = privacy.status
    if privacy.departed:
        return Obstacle.DEPARTED
    if status.state is PrivacyState.SUSPENDED:
        return Obstacle.SUSPENDED
    # A switch that has failed is tried again.
    return Obstacle.DONE if status.wanted is enabled and status.state is not PrivacyState.FAILED else None


def _veiled(before: Holding, after: Holding) -> list[RelayAddress]:
    """Return the addresses after a switch; those that it would make are not known before it is made."""
    known = {relay.id for relay in before.relays}
    return [relay if relay.id in known else replace(relay, local_part=UNKNOWN) for relay in after.relays]


def _lock(held: Holding) -> str:
    return next((status for status in LOCKS if status in held.registration.statuses), "")


def _outcome(name: DomainName, held: Holding | None, tried: Change | Obstacle | None) -> Outcome:
    if held is None:
        return Outcome(name, None, None, None, "", None)
    obstacle = tried if isinstance(tried, Obstacle) else None
    stands = tried.after if isinstance(tried, Change) else held
    lock = _lock(held) if obstacle is Obstacle.LOCKED else ""
    return Outcome(name, held.registration, held.policy, obstacle, lock, stands.operation)
