"""Say what a registry is to be asked for, and check by ourselves that it was reached."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from registries.catalogue import Catalogue
from registries.connector import Change, Observation
from registries.errors import VerificationFailed
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.operation import OperationKind
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress
from whoisproxy.services.identities import contacts_for, identities_of
from whoisproxy.services.registry_endings import Standing, standings
from whoisproxy.services.settings import AccountFacts, Clock, PrivacySettings
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

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
    """Makes plans; what plans need that are asked for at the same time is read in one unit of work."""

    def __init__(
        self, storage: Storage, catalogue: Catalogue, settings: PrivacySettings, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock
        self._plans: Gathering[str, Plan | None] = Gathering(storage.unit_of_work, self._plan_all, key=str)

    async def plan(self, operation_id: str) -> Plan | None:
        """Count the attempt and say what to ask for; None where the operation no longer counts."""
        return await self._plans.ask(operation_id)

    async def _plan_all(self, uow: UnitOfWork, operation_ids: Sequence[str]) -> list[Plan | None]:
        now_are = await standings(uow, operation_ids)
        relays = await uow.relays.of_domains(each.registration.id for each in now_are.values())
        registrars = {
            each: await uow.registrars.get(each)
            for each in {now_is.registration.registrar_id for now_is in now_are.values()}
        }
        now = self._clock()
        await uow.operations.update(
            *(
                replace(each.operation, attempts=each.operation.attempts + 1, updated_at=now)
                for each in now_are.values()
            )
        )
        plans = {
            operation_id: self._plan(now_is, registrar, relays[now_is.registration.id])
            for operation_id, now_is in now_are.items()
            if (registrar := registrars[now_is.registration.registrar_id]) is not None
        }
        return [plans.get(operation_id) for operation_id in operation_ids]

    def _plan(self, now_is: Standing, registrar: Registrar, relays: Sequence[RelayAddress]) -> Plan:
        operation, registration = now_is.operation, now_is.registration
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
