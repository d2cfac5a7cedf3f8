"""Registrations: the domains that a registrar tells us about, with their holders.

A changed registrant of a domain whose privacy is on is brought to the registry where the TLD's mechanism
keeps him there. Deleting a domain ends the service for it: his data are destroyed, the registry is not asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from registries.catalogue import Catalogue
from registries.delegation import DelegationSigner, Host
from registries.policy import Mechanism
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.disclosure import Ending
from whoisproxy.domain.errors import DomainTaken, NotFound, PreconditionFailed, WhoisproxyError
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationKind
from whoisproxy.domain.privacy import Privacy, PrivacyState, initial
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.services import work_orders
from whoisproxy.services.disclosure_endings import end_disclosures
from whoisproxy.services.events import emit, emit_all
from whoisproxy.services.holding import demanded, hold, touched
from whoisproxy.services.settings import Clock
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()

# Mechanisms under which the registry holds the registrant while he is hidden: when he changes, what hides
# him there (relay address, flags) must be put right again.
_HOLDS_REGISTRANT = frozenset({Mechanism.RELAY_EMAIL, Mechanism.REGISTRY_FLAG})


@dataclass(frozen=True, slots=True)
class RegistrationSpec:
    """The whole state of a domain as its registrar reports it.

    Attributes:
        registered_at: None keeps what is known, or means now for a new domain.
        registry_id: None keeps what is known, from the registrar or from its registry; so for the rest.
        delegation_signed: True where `ds` has records.
        hosts: Those below the domain, with addresses.
    """

    registrant: Registrant
    registrant_verified: bool = False
    nameservers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    registered_at: datetime | None = None
    expires_at: datetime | None = None
    registry_id: str | None = None
    delegation_signed: bool | None = None
    ds: tuple[DelegationSigner, ...] | None = None
    hosts: tuple[Host, ...] | None = None

    def applied_to(self, known: Registration) -> Registration:
        """Return the domain as it is told now, but for id, version and time."""
        signed = known.delegation_signed if self.delegation_signed is None else self.delegation_signed
        ds = known.ds if self.ds is None else self.ds
        return replace(
            known,
            registrant=self.registrant,
            registrant_verified=self.registrant_verified,
            nameservers=self.nameservers,
            statuses=self.statuses,
            registered_at=self.registered_at or known.registered_at,
            expires_at=self.expires_at,
            registry_id=known.registry_id if self.registry_id is None else self.registry_id,
            delegation_signed=signed,
            ds=ds if signed else (),
            hosts=known.hosts if self.hosts is None else self.hosts,
        )


@dataclass(frozen=True, slots=True)
class _Report:
    registrar: Registrar
    name: DomainName
    spec: RegistrationSpec
    if_match: int | None


_Kept = tuple[Registration, bool]
"""A domain as it is kept now, and whether it is new."""


class Registrations:
    """Keeps registrars' domains."""

    def __init__(self, storage: Storage, catalogue: Catalogue, clock: Clock) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._clock = clock
        self._reports = Gathering(storage.unit_of_work, self._put_all, key=lambda report: report.name)

    async def put(
        self, registrar: Registrar, name: DomainName, spec: RegistrationSpec, if_match: int | None = None
    ) -> _Kept:
        """Register the domain here or bring it up to date; return it and whether it is new.

        The same again changes nothing, not even the version.

        Raises:
            DomainTaken: Another registrar has it here.
            PreconditionFailed: `if_match` names another version, or the domain does not exist.
        """
        return await self._reports.ask(_Report(registrar, name, spec, if_match))

    async def get(self, registrar: Registrar, name: DomainName) -> Registration:
        """Return the registrar's domain, or raise NotFound."""
        async with self._storage.reading() as uow:
            registration = await uow.registrations.get(registrar.id, name)
        if registration is None:
            raise NotFound("you have no domain of that name here")
        return registration

    async def page(self, registrar: Registrar, after: str, limit: int) -> list[Registration]:
        """Return up to `limit` of the registrar's domains by A-label, from behind `after`."""
        async with self._storage.reading() as uow:
            return await uow.registrations.page(registrar.id, after, limit)

    async def delete(self, registrar: Registrar, name: DomainName, if_match: int | None = None) -> None:
        """End the service for a domain and destroy its registrant's data.

        Its relay addresses are retired at once: nobody is left to forward to.

        Raises:
            NotFound: The registrar has no such domain.
            PreconditionFailed: `if_match` names another version.
        """
        async with self._storage.unit_of_work() as uow:
            registration = await hold(uow, registrar, name, if_match)
            await work_orders.supersede_open(uow, registration.id, self._clock())
            await uow.registry_contacts.loosen(registration.id, self._clock())
            await end_disclosures(uow, registration.id, Ending.DOMAIN_DELETED, self._clock)
            await uow.registrations.remove(registration.id)
            await emit(uow, registrar.id, "domain.deleted", name.a_label, {}, self._clock)
        _log.info("domain-deleted", domain_id=registration.id)

    async def _put_all(self, uow: UnitOfWork, reports: Sequence[_Report]) -> list[_Kept | WhoisproxyError]:
        """Keep many domains, and say of each how it is kept now or why it was not taken."""
        # Another process may be adding them now: then they are changed, like any that are here.
        await uow.registrations.alone_with(*(report.name for report in reports))
        known = await uow.registrations.by_names(report.name for report in reports)
        now = self._clock()
        new = {
            report.name: _new(report, now)
            for report in reports
            if report.name not in known and report.if_match is None
        }
        await self._create(uow, tuple(new.values()), now)
        return [
            (new[report.name], True)
            if report.name in new
            else await self._put_known(uow, report, known.get(report.name))
            for report in reports
        ]

    async def _create(self, uow: UnitOfWork, new: Sequence[Registration], now: datetime) -> None:
        await uow.registrations.add(*new)
        await uow.privacy.put_all({each.id: initial(now) for each in new})
        events = [NewEvent(each.registrar_id, "domain.created", each.name.a_label, {}) for each in new]
        await emit_all(uow, events, now)

    async def _put_known(
        self, uow: UnitOfWork, report: _Report, known: Registration | None
    ) -> _Kept | WhoisproxyError:
        try:
            held = _held(report, known)
        except WhoisproxyError as refused:
            return refused
        return await self._change(uow, held, report.spec), False

    async def _change(self, uow: UnitOfWork, known: Registration, spec: RegistrationSpec) -> Registration:
        wanted = spec.applied_to(known)
        privacy = await uow.privacy.get(known.id)
        if wanted == known and not privacy.departed:
            return known
        now = self._clock()
        if privacy.departed:
            # Its registrar says that it is here again.
            await uow.privacy.put(known.id, replace(privacy, reason="", updated_at=now))
        changed = touched(_with_new_holder(wanted, known, now), now)
        await uow.registrations.update(changed)
        if changed.registrant_id != known.registrant_id:
            await end_disclosures(uow, changed.id, Ending.HOLDER_CHANGED, self._clock)
        if changed.registrant != known.registrant:
            await self._bring_to_registry(uow, changed)
        await emit(uow, changed.registrar_id, "domain.updated", changed.name.a_label, {}, self._clock)
        return changed

    async def _bring_to_registry(self, uow: UnitOfWork, registration: Registration) -> None:
        """Start an operation where the registry would otherwise keep, or get, what is out of date."""
        privacy = await uow.privacy.get(registration.id)
        kind = await self._kind_of_refresh(uow, registration, privacy)
        if kind is not None:
            operation = await work_orders.start(uow, registration, kind, self._clock())
            await uow.privacy.put(registration.id, replace(privacy, operation_id=operation.id))

    async def _kind_of_refresh(
        self, uow: UnitOfWork, registration: Registration, privacy: Privacy
    ) -> OperationKind | None:
        pending = await uow.operations.open_of_domain(registration.id)
        if pending is not None:
            # It may be under way with the old data already: the same once more, with the new.
            return pending.kind
        # The TLD's own rule, whatever was found before: a registry that has contacts by now is to be asked.
        mechanism = self._catalogue.policy(registration.name.suffix).mechanism
        # Where switching is frozen, what hides him stays as it is, and so it is put right too.
        hidden = privacy.status.state is PrivacyState.ENABLED or (
            privacy.status.state is PrivacyState.SUSPENDED and privacy.status.wanted
        )
        return OperationKind.REFRESH if hidden and mechanism in _HOLDS_REGISTRANT else None


def _held(report: _Report, known: Registration | None) -> Registration:
    if known is None:
        raise PreconditionFailed("the domain does not exist")
    if known.registrar_id != report.registrar.id:
        raise DomainTaken("another registrar has this domain here")
    return demanded(known, report.registrar, report.if_match)


def _new(report: _Report, now: datetime) -> Registration:
    spec = report.spec
    blank = Registration(
        id=new_id("dom", now),
        registrar_id=report.registrar.id,
        name=report.name,
        registrant_id=new_id("own", now),
        registrant=spec.registrant,
        registrant_verified=spec.registrant_verified,
        nameservers=(),
        statuses=(),
        registered_at=now,
        expires_at=None,
        updated_at=now,
        version=1,
    )
    return spec.applied_to(blank)


def _with_new_holder(wanted: Registration, known: Registration, now: datetime) -> Registration:
    """Return the registration under a new holder's id when it has gone to another person.

    A person who changes his name keeps his mailbox, or the other way round. When both change he is taken
    for another: consent, threads and messages of the one before are destroyed with his key.
    """
    before, after = known.registrant, wanted.registrant
    if before.name == after.name or before.email == after.email:
        return wanted
    return replace(wanted, registrant_id=new_id("own", now))
