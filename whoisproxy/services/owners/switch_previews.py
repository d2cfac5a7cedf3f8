"""What a switch would make of an owner's domain, or why it is refused. Nothing is read, and nothing written.

A preview is the switch itself (`switching`), carried on to its end; what it would publish is made by the code
that publishes (`Lookup.shown`). So a preview cannot say something else than what happens, and why a switch is
refused is known before it is asked for.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from registries.contact import Role
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import DomainLocked, PrivacyNotAllowed, RegistrantUnverified
from whoisproxy.domain.operation import Operation
from whoisproxy.domain.privacy import Consent, Privacy, PrivacyEvent, PrivacyState, transition
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.publication.record import RddsRecord
from whoisproxy.services.changes import Change
from whoisproxy.services.holding import Holding
from whoisproxy.services.identities import identities_of
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.previews import UNKNOWN, Preview, future_identities, preview_of
from whoisproxy.services.settings import PrivacySettings
from whoisproxy.services.switching import LOCKS, SwitchRequest, switched


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


class SwitchPreviews:
    """Tries switches.

    Args:
        lookup: Knows what is published of a domain.
        settings: What switches need.
    """

    def __init__(self, lookup: Lookup, settings: PrivacySettings) -> None:
        self._lookup = lookup
        self._settings = settings

    def tried(self, held: Holding, request: SwitchRequest, now: datetime) -> Change | Obstacle:
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

    def preview(
        self, held: Holding, registrar: Registrar, ids: dict[Role, str], now: datetime, *, enabled: bool
    ) -> SwitchPreview:
        """Return what switching to `enabled` would make of a domain; `ids` are from `Lookup.contact_ids`."""
        agreed = Consent("", now, "")
        tried = self.tried(held, SwitchRequest(enabled=enabled, consent=agreed), now)
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
            lock=lock_of(held) if obstacle is Obstacle.LOCKED else "",
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


def lock_of(held: Holding) -> str:
    """Return the EPP status that keeps the registry from taking a change, "" for none."""
    return next((status for status in LOCKS if status in held.registration.statuses), "")
