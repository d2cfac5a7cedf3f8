"""What a switch makes of a domain, or why it is refused. Pure functions: nothing is read and nothing written.

The state machine is `domain.privacy`; here it meets the owner's settings, the rule of the TLD, the relay
addresses and the operation that is under way.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from mailrelay.directory import MailPolicy
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.errors import (
    ConsentRequired,
    DomainLocked,
    PrivacyNotAllowed,
    RegistrantUnverified,
)
from whoisproxy.domain.operation import Actor, Operation, OperationKind
from whoisproxy.domain.owner_mailbox import deliverable
from whoisproxy.domain.privacy import (
    Consent,
    ConsentTo,
    Privacy,
    PrivacyEvent,
    PrivacyState,
    PrivacyStatus,
    transition,
)
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.services import relay_addresses
from whoisproxy.services.changes import Change
from whoisproxy.services.holding import Holding, touched
from whoisproxy.services.identities import roles_of
from whoisproxy.services.settings import PrivacySettings
from whoisproxy.services.work_orders import new_operation

_KIND_TOWARDS = {
    PrivacyState.ENABLING: OperationKind.ENABLE,
    PrivacyState.DISABLING: OperationKind.DISABLE,
}
_STATE_OF_KIND = {kind: state for state, kind in _KIND_TOWARDS.items()}

# EPP statuses (RFC 5731 section 2.3) under which no registry takes a change of contacts.
LOCKS = ("serverUpdateProhibited", "pendingTransfer", "pendingDelete")

# Where the registry itself publishes the relay address, a new address has to be brought there.
_ADDRESS_AT_REGISTRY = frozenset({Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL})


@dataclass(frozen=True, slots=True)
class SwitchRequest:
    """What the owner wants; None keeps a setting as it is.

    Attributes:
        forward_to: Mailbox for relayed mail; "" for the registrant's own.
        consent: Recorded with what changes; where nothing changes, it is not.
        by: Who wants it.
    """

    enabled: bool
    mail_policy: MailPolicy | None = None
    forward_to: str | None = None
    consent: Consent | None = None
    by: Actor = Actor.REGISTRAR


def switched(held: Holding, request: SwitchRequest, settings: PrivacySettings, now: datetime) -> Change:
    """Return what a request makes of a domain; the same domain again where all is so already.

    Raises:
        PrivacyNotAllowed, RegistrantUnverified, ConsentRequired, DomainLocked, InvalidInput: It is refused.
    """
    before = held.privacy
    wanted = _with_settings(before, request, settings.relay_domain)
    if request.enabled:
        _demand_allowed(held.policy, held.registration, wanted)
    event = PrivacyEvent.ENABLE if request.enabled else PrivacyEvent.DISABLE
    wanted = replace(wanted, status=transition(before.status, event))
    if wanted == before:
        return Change(held, held, "")
    state = wanted.status.state
    if wanted.status == before.status and (before.operation_id or state not in _KIND_TOWARDS):
        after = _next(replace(held, privacy=wanted), now)
        return Change(held, after, "privacy.settings_changed", request.by, request.consent)
    _demand_unlocked(held.policy, held.registration)
    relays = _published(held, settings, now) if wanted.status.wanted else held.relays
    on_the_way = replace(held, privacy=replace(wanted, reason=""), relays=relays)
    after = _begun(on_the_way, _KIND_TOWARDS[state], now)
    return Change(held, after, f"privacy.{state}", request.by, request.consent)


def rotated(held: Holding, settings: PrivacySettings, now: datetime) -> Change:
    """Return the domain with new addresses, and with the operation that brings them to the registry.

    Raises:
        PrivacyNotAllowed, DomainLocked: It is refused.
    """
    policy, privacy = held.policy, held.privacy
    _demand_mechanism(policy)
    if privacy.status.state not in {PrivacyState.ENABLED, PrivacyState.ENABLING}:
        raise DomainLocked(f"privacy is {privacy.status.state}: there is no address to rotate now")
    withdrawn = relay_addresses.withdrawn(held.relays, now, settings.grace)
    made = relay_addresses.made(held.registration.id, roles_of(policy), settings.relay_domain, now)
    after = replace(held, relays=(*withdrawn, *made))
    if held.operation is None and policy.mechanism not in _ADDRESS_AT_REGISTRY:
        return Change(held, _next(after, now), "privacy.rotated")
    _demand_unlocked(policy, held.registration)
    kind = held.operation.kind if held.operation else OperationKind.REFRESH
    return Change(held, _begun(after, kind, now), "privacy.rotated")


def suspended(held: Holding, now: datetime) -> Change:
    """Return the domain frozen, or raise DomainLocked."""
    privacy = replace(held.privacy, status=transition(held.privacy.status, PrivacyEvent.SUSPEND))
    return Change(held, _next(replace(held, privacy=privacy), now), "privacy.suspended")


def resumed(held: Holding, now: datetime) -> Change:
    """Return the domain thawed and on the way to what its owner wants, or raise DomainLocked."""
    status = _in_doubt(transition(held.privacy.status, PrivacyEvent.RESUME), held.privacy.reason)
    status = _still_under_way(status, held.operation)
    thawed = replace(held, privacy=replace(held.privacy, status=status))
    if held.operation is None and status.state in _KIND_TOWARDS:
        return Change(held, _begun(thawed, _KIND_TOWARDS[status.state], now), "privacy.resumed")
    return Change(held, _next(thawed, now), "privacy.resumed")


def _next(held: Holding, now: datetime) -> Holding:
    """Return the domain in its next version."""
    privacy = replace(held.privacy, updated_at=now)
    return replace(held, registration=touched(held.registration, now), privacy=privacy)


def _begun(held: Holding, kind: OperationKind, now: datetime) -> Holding:
    """Return the domain in its next version, with a new operation."""
    operation = new_operation(held.registration, kind, now, held.operation)
    privacy = replace(held.privacy, operation_id=operation.id)
    return _next(replace(held, privacy=privacy, operation=operation), now)


def _published(held: Holding, settings: PrivacySettings, now: datetime) -> tuple[RelayAddress, ...]:
    roles, relay_domain = roles_of(held.policy), settings.relay_domain
    return relay_addresses.published(held.relays, held.registration.id, roles, relay_domain, now)


def _with_settings(privacy: Privacy, request: SwitchRequest, relay_domain: str) -> Privacy:
    forward_to, mailbox_id = privacy.forward_to, privacy.mailbox_id
    if request.forward_to is not None:
        wanted = deliverable(request.forward_to, "forward_to", relay_domain) if request.forward_to else ""
        # The same again leaves the owner's choice his.
        mailbox_id = mailbox_id if wanted == forward_to else ""
        forward_to = wanted
    consent = request.consent
    if consent is None or consent.to is not ConsentTo.HIDE:
        consent = privacy.consent
    return replace(
        privacy,
        mail_policy=request.mail_policy or privacy.mail_policy,
        forward_to=forward_to,
        mailbox_id=mailbox_id,
        consent=consent,
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
    for status in LOCKS:
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
