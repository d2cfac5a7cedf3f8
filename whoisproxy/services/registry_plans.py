"""Say what a registry is to be asked for, and check by ourselves that it was reached."""

from dataclasses import dataclass, replace
from typing import NoReturn

from registries.catalogue import Catalogue
from registries.connector import Change, Observation
from registries.errors import VerificationFailed
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.operation import OperationKind
from whoisproxy.domain.registration import Registration
from whoisproxy.services.identities import contacts_for, identities_of
from whoisproxy.services.registry_endings import standing
from whoisproxy.services.settings import AccountFacts, Clock, PrivacySettings
from whoisproxy.storage.unit_of_work import Storage

_NO_ACCOUNT = AccountFacts("")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an operation asks of a registry.

    Attributes:
        account: Our account there; one without a name where none is configured.
    """

    operation_id: str
    registration: Registration
    policy: TldPolicy
    account: AccountFacts
    change: Change


class Planner:
    """Makes plans; everything that a plan needs is read in one unit of work."""

    def __init__(
        self, storage: Storage, catalogue: Catalogue, settings: PrivacySettings, clock: Clock
    ) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock

    async def plan(self, operation_id: str) -> Plan | None:
        """Count the attempt and say what to ask for; None where the operation no longer counts."""
        async with self._storage.unit_of_work() as uow:
            now_is = await standing(uow, operation_id)
            if now_is is None:
                return None
            operation, registration = now_is.operation, now_is.registration
            operation = replace(operation, attempts=operation.attempts + 1, updated_at=self._clock())
            await uow.operations.update(operation)
            registrar = await uow.registrars.get(registration.registrar_id)
            relays = await uow.relays.of_domain(registration.id)
        if registrar is None:
            return None
        suffix = registration.name.suffix
        # The TLD's own rule: that a registry holds no contacts is found out anew with each change.
        policy = self._catalogue.policy(suffix)
        account = self._settings.accounts.get(suffix, _NO_ACCOUNT)
        hide = operation.kind is not OperationKind.DISABLE
        change = Change(
            operation_id=operation.id,
            domain=registration.name.a_label,
            mechanism=policy.mechanism,
            hide=hide,
            contacts=contacts_for(
                policy,
                registration.registrant,
                identities_of(registrar, relays, self._settings.brand),
                hide=hide,
                shared_email=account.shared_email,
            ),
            pending=operation.awaits,
            shared=bool(account.shared_email),
        )
        return Plan(operation.id, registration, policy, account, change)


def demand_proof(change: Change, observation: Observation) -> None:
    """Check by ourselves, apart from the connector, that the relay address stands where it must.

    Raises:
        VerificationFailed: A role shows another e-mail, or nothing was read at all.
    """
    if not change.hide or change.mechanism not in {Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL}:
        return
    seen = {
        each.contact.email.casefold()
        for role, each in observation.contacts.items()
        if role in change.contacts
    }
    # Roles that share one contact object share one address, whichever role's it is.
    if not seen or seen - {contact.email.casefold() for contact in change.contacts.values()}:
        _unproved()


def _unproved() -> NoReturn:
    raise VerificationFailed("the registry reads back another e-mail than the relay address")
