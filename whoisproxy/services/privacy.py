"""Switch a domain's privacy, and say what it is.

The state machine is `domain.privacy`; the rule of the TLD comes from the catalogue. A switch writes the
wanted state, an operation, its work and an event in one unit of work; `registry_sync` carries it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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
    WhoisproxyError,
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
from whoisproxy.services import relay_addresses
from whoisproxy.services.changes import Change, write
from whoisproxy.services.holding import Holding, demanded, hold, holdings, touched
from whoisproxy.services.identities import (
    identities_of,
    published_contacts,
    roles_of,
)
from whoisproxy.services.previews import Preview, future_identities, preview_of
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.services.work_orders import new_operation
from whoisproxy.storage.gathering import Gathering
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
        identity: The registrant's proxy identity while hidden, else None.
        operation: The operation that works on it now, else None.
        published: Contacts as RDAP and WHOIS show them.
    """

    registration: Registration
    privacy: Privacy
    policy: TldPolicy
    identity: ProxyIdentity | None
    operation: Operation | None
    published: Mapping[Role, Contact]


@dataclass(frozen=True, slots=True)
class _Wish:
    registrar: Registrar
    name: DomainName
    request: SwitchRequest
    if_match: int | None


class PrivacyService:
    """The use cases of privacy, each for one registrar's domain; switches asked at once share a commit."""

    def __init__(
        self, storage: Storage, catalogue: Catalogue, settings: PrivacySettings, clock: Clock
    ) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock
        self._switches = Gathering(storage.unit_of_work, self._switch_all, key=lambda wish: wish.name)

    async def status(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Return the domain's privacy as it stands, or raise NotFound."""
        async with self._storage.reading() as uow:
            return self._view(registrar, await self._held(uow, registrar, name))

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
        return await self._switches.ask(_Wish(registrar, name, request, if_match))

    async def preview(self, registrar: Registrar, name: DomainName, *, enabled: bool) -> Preview:
        """Return what a switch would change; nothing is changed anywhere.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            registration = await hold(uow, registrar, name)
            privacy = await uow.privacy.get(registration.id)
            relays = await uow.relays.of_domain(registration.id)
        policy, default = self._catalogue.policy(name.suffix), self._settings.brand
        known = identities_of(registrar, relays, default)
        identities = future_identities(policy, known, registrar.brand or default, self._settings.relay_domain)
        return preview_of(
            policy, registration.registrant, identities, hidden=privacy.status.hidden, enabled=enabled
        )

    async def rotate(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Publish new relay addresses; the old ones take mail through their grace period.

        Raises:
            NotFound: The registrar has no such domain.
            PrivacyNotAllowed: The TLD's rule is `none`.
            DomainLocked: Privacy is not on, or the registry does not take changes now.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._held(uow, registrar, name)
            after = self._rotated(held, self._clock())
            await write(uow, [Change(held, after, "privacy.rotated")], after.privacy.updated_at)
            return self._view(registrar, after)

    async def suspend(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Freeze switching, as in a dispute; what is published stays as it is.

        Raises:
            NotFound: The registrar has no such domain.
            DomainLocked: It is suspended already.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._held(uow, registrar, name)
            status = transition(held.privacy.status, PrivacyEvent.SUSPEND)
            after = _after(held, self._clock(), status=status)
            await write(uow, [Change(held, after, "privacy.suspended")], after.privacy.updated_at)
            return self._view(registrar, after)

    async def resume(self, registrar: Registrar, name: DomainName) -> PrivacyView:
        """Thaw switching, and go on towards what the owner wants.

        Raises:
            NotFound: The registrar has no such domain.
            DomainLocked: It is not suspended.
        """
        async with self._storage.unit_of_work() as uow:
            held = await self._held(uow, registrar, name)
            after = _resumed(held, self._clock())
            await write(uow, [Change(held, after, "privacy.resumed")], after.privacy.updated_at)
            return self._view(registrar, after)

    async def _held(self, uow: UnitOfWork, registrar: Registrar, name: DomainName) -> Holding:
        return (await holdings(uow, [await hold(uow, registrar, name)]))[name]

    async def _switch_all(
        self, uow: UnitOfWork, wishes: Sequence[_Wish]
    ) -> list[PrivacyView | WhoisproxyError]:
        """Switch many domains, and say of each what it is now or why it was not switched."""
        found = await uow.registrations.by_names(wish.name for wish in wishes)
        known = await holdings(uow, found.values())
        now = self._clock()
        changes: list[Change] = []
        answers: list[PrivacyView | WhoisproxyError] = []
        for wish in wishes:
            try:
                demanded(found.get(wish.name), wish.registrar, wish.if_match)
                change = self._switched(known[wish.name], wish.request, now)
            except WhoisproxyError as refused:
                answers.append(refused)
                continue
            if change.after != change.before:
                changes.append(change)
            answers.append(self._view(wish.registrar, change.after))
        await write(uow, changes, now)
        return answers

    def _switched(self, held: Holding, request: SwitchRequest, now: datetime) -> Change:
        """Return what a request makes of a domain; nothing, where all is so already."""
        policy, before = self._catalogue.policy(held.registration.name.suffix), held.privacy
        settled = _with_settings(before, request)
        if request.enabled:
            _demand_allowed(policy, held.registration, settled)
        event = PrivacyEvent.ENABLE if request.enabled else PrivacyEvent.DISABLE
        wanted = replace(settled, status=transition(before.status, event))
        if wanted == before:
            return Change(held, held, "")
        state = wanted.status.state
        if wanted.status == before.status and (before.operation_id or state not in _KIND_TOWARDS):
            return Change(held, _after(replace(held, privacy=wanted), now), "privacy.settings_changed")
        _demand_unlocked(policy, held.registration)
        relays = held.relays
        if wanted.status.wanted:
            relays = relay_addresses.published(
                relays, held.registration.id, roles_of(policy), self._settings.relay_domain, now
            )
        begun = _begun(replace(held, privacy=replace(wanted, reason=""), relays=relays), now)
        return Change(held, begun, f"privacy.{state}")

    def _rotated(self, held: Holding, now: datetime) -> Holding:
        """Return the domain with new addresses, and with the operation that brings them to the registry."""
        registration, privacy, settings = held.registration, held.privacy, self._settings
        policy = self._catalogue.policy(registration.name.suffix)
        _demand_mechanism(policy)
        if privacy.status.state not in {PrivacyState.ENABLED, PrivacyState.ENABLING}:
            raise DomainLocked(f"privacy is {privacy.status.state}: there is no address to rotate now")
        roles, domain = roles_of(policy), settings.relay_domain
        relays = relay_addresses.rotated(held.relays, registration.id, roles, domain, now, settings.grace)
        rotated = replace(held, relays=relays)
        if held.operation is None and policy.mechanism not in _ADDRESS_AT_REGISTRY:
            return _after(rotated, now)
        _demand_unlocked(policy, registration)
        return _begun(rotated, now, held.operation.kind if held.operation else OperationKind.REFRESH)

    def _view(self, registrar: Registrar, held: Holding) -> PrivacyView:
        registration, hidden = held.registration, held.privacy.status.hidden
        policy = self._catalogue.policy(registration.name.suffix)
        identities = identities_of(registrar, held.relays, self._settings.brand)
        return PrivacyView(
            registration=registration,
            privacy=held.privacy,
            policy=policy,
            identity=identities.get(Role.REGISTRANT) if hidden else None,
            operation=held.operation,
            published=published_contacts(policy, registration.registrant, identities, hide=hidden),
        )


def _after(held: Holding, now: datetime, status: PrivacyStatus | None = None) -> Holding:
    """Return the domain in its next version."""
    privacy = replace(held.privacy, status=status or held.privacy.status, updated_at=now)
    return replace(held, registration=touched(held.registration, now), privacy=privacy)


def _begun(held: Holding, now: datetime, kind: OperationKind | None = None) -> Holding:
    """Return the domain in its next version with a new operation: of that kind, or as its state demands."""
    state = held.privacy.status.state
    operation = new_operation(held.registration, kind or _KIND_TOWARDS[state], now)
    privacy = replace(held.privacy, operation_id=operation.id)
    return _after(replace(held, privacy=privacy, operation=operation), now)


def _resumed(held: Holding, now: datetime) -> Holding:
    """Return the domain thawed, on the way to what its owner wants."""
    status = _in_doubt(transition(held.privacy.status, PrivacyEvent.RESUME), held.privacy.reason)
    thawed = replace(held, privacy=replace(held.privacy, status=_still_under_way(status, held.operation)))
    if held.operation is None and thawed.privacy.status.state in _KIND_TOWARDS:
        return _begun(thawed, now)
    return _after(thawed, now)


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
