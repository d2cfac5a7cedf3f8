"""Switch a domain's privacy, and say what it is.

The state machine is `domain.privacy`; the rule of the TLD comes from the catalogue. A switch writes the
wanted state, an operation, its work and an event in one unit of work; `registry_sync` carries it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mailrelay.directory import MailPolicy
from registries.catalogue import Catalogue
from registries.contact import Contact, Role
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import (
    ConsentRequired,
    DomainLocked,
    PrivacyNotAllowed,
    RegistrantUnverified,
)
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation, OperationKind
from whoisproxy.domain.privacy import (
    Consent,
    Privacy,
    PrivacyEvent,
    PrivacyState,
    PrivacyStatus,
    transition,
)
from whoisproxy.domain.proxy_identity import ProxyIdentity
from whoisproxy.domain.registrant import mailbox
from whoisproxy.domain.registration import Registration
from whoisproxy.services import relay_addresses, work_orders
from whoisproxy.services.effective_policy import EffectivePolicy, effective_policy
from whoisproxy.services.events import emit
from whoisproxy.services.holding import hold, touched
from whoisproxy.services.identities import (
    identities_of,
    published_contacts,
    roles_of,
)
from whoisproxy.services.previews import Preview, future_identities, preview_of
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_KIND_TOWARDS = {
    PrivacyState.ENABLING: OperationKind.ENABLE,
    PrivacyState.DISABLING: OperationKind.DISABLE,
}
_STATE_OF_KIND = {kind: state for state, kind in _KIND_TOWARDS.items()}

# EPP statuses (RFC 5731 section 2.3) under which no registry takes a change of contacts.
_LOCKS = ("serverUpdateProhibited", "pendingTransfer", "pendingDelete")

# Where the registry itself publishes the relay address, a new address has to be brought there.
_ADDRESS_AT_REGISTRY = frozenset({Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL})


@dataclass(frozen=True, slots=True)
class SwitchRequest:
    """What the owner wants; None keeps a setting as it is.

    Attributes:
        forward_to: Mailbox for relayed mail; "" for the registrant's own.
    """

    enabled: bool
    mail_policy: MailPolicy | None = None
    forward_to: str | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class PrivacyView:
    """A domain's privacy as its registrar sees it.

    Attributes:
        because: Why the rule is not the TLD's own, such as REGISTRY_HOLDS_NO_CONTACTS; "" where it is.
        identity: The registrant's proxy identity while hidden, else None.
        operation: The operation that works on it now, else None.
        published: Contacts as RDAP and WHOIS show them.
    """

    registration: Registration
    privacy: Privacy
    policy: TldPolicy
    because: str
    identity: ProxyIdentity | None
    operation: Operation | None
    published: Mapping[Role, Contact]


class PrivacyService:
    """The use cases of privacy, each for one registrar's domain."""

    def __init__(
        self, storage: Storage, catalogue: Catalogue, settings: PrivacySettings, clock: Clock
    ) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock

    async def status(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Return the domain's privacy as it stands, or raise NotFound."""
        async with self._storage.reading() as uow:
            registration = await hold(uow, registrar, name)
            return await self._view(uow, registrar, registration)

    async def switch(
        self, registrar: Registrar, name: DomainName, request: SwitchRequest, if_match: int | None = None
    ) -> PrivacyView:
        """Write what the owner wants and start the work for it; the same again changes nothing.

        A switch while another is under way takes its place.

        Raises:
            NotFound: The registrar has no such domain.
            PreconditionFailed: `if_match` names another version.
            PrivacyNotAllowed: The TLD's rule is `none`.
            RegistrantUnverified: Nobody vouches for the mailbox that mail would go to.
            ConsentRequired: The owner's consent is neither sent nor recorded.
            DomainLocked: The state, or a status at the registry, does not admit a switch now.
            InvalidInput: `forward_to` is no mailbox.
        """
        async with self._storage.unit_of_work() as uow:
            registration = await hold(uow, registrar, name, if_match)
            policy = (await self._rule(uow, name)).policy
            before = await uow.privacy.get(registration.id)
            event = PrivacyEvent.ENABLE if request.enabled else PrivacyEvent.DISABLE
            settled = _with_settings(before, request)
            if request.enabled:
                _demand_allowed(policy, registration, settled)
            after = replace(settled, status=transition(before.status, event))
            if after != before:
                registration = await self._apply(uow, registration, policy, before, after)
            return await self._view(uow, registrar, registration)

    async def preview(self, registrar: Registrar, name: DomainName, *, enabled: bool) -> Preview:
        """Return what a switch would change; nothing is changed anywhere.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            registration = await hold(uow, registrar, name)
            privacy = await uow.privacy.get(registration.id)
            relays = await uow.relays.of_domain(registration.id)
            rule = await self._rule(uow, name)
        policy, default = rule.policy, self._settings.brand
        known = identities_of(registrar, relays, default)
        identities = future_identities(policy, known, registrar.brand or default, self._settings.relay_domain)
        account = self._settings.accounts.get(name.suffix)
        preview = preview_of(
            policy,
            registration.registrant,
            identities,
            hidden=privacy.status.hidden,
            enabled=enabled,
            shared_email=account.shared_email if account else "",
        )
        return replace(preview, because=rule.because)

    async def rotate(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Publish new relay addresses; the old ones take mail through their grace period.

        Raises:
            NotFound: The registrar has no such domain.
            PrivacyNotAllowed: The TLD's rule is `none`.
            DomainLocked: Privacy is not on, or the registry does not take changes now.
        """
        async with self._storage.unit_of_work() as uow:
            registration = await hold(uow, registrar, name)
            policy = (await self._rule(uow, name)).policy
            _demand_mechanism(policy)
            privacy = await uow.privacy.get(registration.id)
            if privacy.status.state not in {PrivacyState.ENABLED, PrivacyState.ENABLING}:
                raise DomainLocked(f"privacy is {privacy.status.state}: there is no address to rotate now")
            pending = await uow.operations.open_of_domain(registration.id)
            now = self._clock()
            await relay_addresses.rotate(
                uow, registration.id, roles_of(policy), self._settings.relay_domain, now, self._settings.grace
            )
            changed = replace(privacy, updated_at=now)
            if pending is not None or policy.mechanism in _ADDRESS_AT_REGISTRY:
                _demand_unlocked(policy, registration)
                kind = pending.kind if pending else OperationKind.REFRESH
                operation = await work_orders.start(uow, registration, kind, now)
                changed = replace(changed, operation_id=operation.id)
            registration = await self._write(uow, registration, changed, "privacy.rotated")
            return await self._view(uow, registrar, registration)

    async def suspend(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Freeze switching, as in a dispute; what is published stays as it is.

        Raises:
            NotFound: The registrar has no such domain.
            DomainLocked: It is suspended already.
        """
        async with self._storage.unit_of_work() as uow:
            registration = await hold(uow, registrar, name)
            privacy = await uow.privacy.get(registration.id)
            status = transition(privacy.status, PrivacyEvent.SUSPEND)
            changed = replace(privacy, status=status, updated_at=self._clock())
            registration = await self._write(uow, registration, changed, "privacy.suspended")
            return await self._view(uow, registrar, registration)

    async def resume(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Thaw switching, and go on towards what the owner wants.

        Raises:
            NotFound: The registrar has no such domain.
            DomainLocked: It is not suspended.
        """
        async with self._storage.unit_of_work() as uow:
            registration = await hold(uow, registrar, name)
            privacy = await uow.privacy.get(registration.id)
            now = self._clock()
            status = transition(privacy.status, PrivacyEvent.RESUME)
            pending = await uow.operations.open_of_domain(registration.id)
            status = _still_under_way(_in_doubt(status, privacy.reason), pending)
            changed = replace(privacy, status=status, updated_at=now)
            if pending is None and changed.status.state in _KIND_TOWARDS:
                kind = _KIND_TOWARDS[changed.status.state]
                operation = await work_orders.start(uow, registration, kind, now)
                changed = replace(changed, operation_id=operation.id)
            registration = await self._write(uow, registration, changed, "privacy.resumed")
            return await self._view(uow, registrar, registration)

    async def _apply(
        self,
        uow: UnitOfWork,
        registration: Registration,
        policy: TldPolicy,
        before: Privacy,
        after: Privacy,
    ) -> Registration:
        now = self._clock()
        after = replace(after, updated_at=now)
        if after.status == before.status and (before.operation_id or after.status.state not in _KIND_TOWARDS):
            return await self._write(uow, registration, after, "privacy.settings_changed")
        _demand_unlocked(policy, registration)
        if after.status.wanted:
            await relay_addresses.publish(
                uow, registration.id, roles_of(policy), self._settings.relay_domain, now
            )
        kind = _KIND_TOWARDS[after.status.state]
        operation = await work_orders.start(uow, registration, kind, now)
        after = replace(after, operation_id=operation.id, reason="")
        return await self._write(uow, registration, after, f"privacy.{after.status.state}")

    async def _write(
        self, uow: UnitOfWork, registration: Registration, privacy: Privacy, event: str
    ) -> Registration:
        """Store the privacy, raise the version, tell the registrar."""
        changed = touched(registration, privacy.updated_at)
        await uow.registrations.touch(changed)
        await uow.privacy.put(changed.id, privacy)
        data = {"state": privacy.status.state.value, "operation_id": privacy.operation_id}
        await emit(uow, changed.registrar_id, event, changed.name.a_label, data, self._clock)
        return changed

    async def _rule(self, uow: UnitOfWork, name: DomainName) -> EffectivePolicy:
        account = self._settings.accounts.get(name.suffix)
        return await effective_policy(uow, self._catalogue, account, name)

    async def _view(self, uow: UnitOfWork, registrar: Registrar, registration: Registration) -> PrivacyView:
        privacy = await uow.privacy.get(registration.id)
        rule = await self._rule(uow, registration.name)
        policy = rule.policy
        relays = await uow.relays.of_domain(registration.id)
        identities = identities_of(registrar, relays, self._settings.brand)
        hidden = privacy.status.hidden
        operation = await uow.operations.get(privacy.operation_id) if privacy.operation_id else None
        return PrivacyView(
            registration=registration,
            privacy=privacy,
            policy=policy,
            because=rule.because,
            identity=identities.get(Role.REGISTRANT) if hidden else None,
            operation=operation,
            published=published_contacts(policy, registration.registrant, identities, hide=hidden),
        )


def _with_settings(privacy: Privacy, request: SwitchRequest) -> Privacy:
    forward_to = privacy.forward_to
    if request.forward_to is not None:
        forward_to = mailbox(request.forward_to, "forward_to") if request.forward_to else ""
    return replace(
        privacy,
        mail_policy=request.mail_policy or privacy.mail_policy,
        forward_to=forward_to,
        consent=request.consent or privacy.consent,
    )


def _demand_mechanism(policy: TldPolicy) -> None:
    if policy.reason is not None:
        raise PrivacyNotAllowed(policy.reason, policy.explanation, policy.source)


def _demand_allowed(policy: TldPolicy, registration: Registration, privacy: Privacy) -> None:
    _demand_mechanism(policy)
    if not registration.registrant_verified:
        raise RegistrantUnverified("the registrar has not verified the registrant's mailbox")
    if privacy.consent is None:
        raise ConsentRequired("the owner's consent (by, at, text_version) is needed to switch privacy on")


def _demand_unlocked(policy: TldPolicy, registration: Registration) -> None:
    """Refuse what the registry would refuse; where it is not asked, its locks do not matter."""
    if policy.mechanism is Mechanism.RDDS_ONLY:
        return
    for status in _LOCKS:
        if status in registration.statuses:
            raise DomainLocked(
                f"the domain has status {status}: the registry takes no change of contacts now"
            )


def _in_doubt(status: PrivacyStatus, reason: str) -> PrivacyStatus:
    """Return the status with the state that proves again what the last, failed change left in doubt."""
    failed = bool(reason) and status.state is PrivacyState.ENABLED
    return replace(status, state=PrivacyState.ENABLING) if failed else status


def _still_under_way(status: PrivacyStatus, pending: Operation | None) -> PrivacyStatus:
    """Return the status with the state that a pending operation will end."""
    state = _STATE_OF_KIND.get(pending.kind) if pending else None
    return replace(status, state=state) if state else status
